//! Flags that several commands share, and the configuration that they end in.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use guildhall::config::{Config, ConfigError};

/// The file that is read when `--config` is not given.
const CONFIG_FILE: &str = "guildhall.toml";

/// Which world.
#[derive(Args, Clone, Default)]
pub struct WorldFlags {
    /// Configuration file; without it `guildhall.toml` if there is one.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Directory of the world.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The database: sqlite:///path/to/file or postgres://user@host:port/name.
    #[arg(long)]
    database: Option<String>,
}

/// Which world, and how it is served.
#[derive(Args, Clone, Default)]
pub struct Flags {
    #[command(flatten)]
    world: WorldFlags,
    /// Address of the public listener.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Address of the admin listener.
    #[arg(long)]
    admin_listen: Option<SocketAddr>,
    /// Let the admin listener change things: restores, realms, service accounts, names.
    #[arg(long)]
    admin_writes: bool,
    /// Serve also where other machines can listen in, although nothing is encrypted here.
    #[arg(long)]
    plain_beyond_loopback: bool,
}

impl WorldFlags {
    /// The configuration file, the environment and these flags over each other.
    pub fn config(self) -> Result<Config, ConfigError> {
        let fallback = PathBuf::from(CONFIG_FILE);
        let file = self
            .config
            .or_else(|| fallback.exists().then_some(fallback));
        let mut config = Config::load(file.as_deref(), std::env::vars())?;
        config.data = self.data.unwrap_or(config.data);
        config.database = self.database.or(config.database);
        Ok(config)
    }
}

impl Flags {
    /// As [`WorldFlags::config`].
    pub fn config(self) -> Result<Config, ConfigError> {
        let mut config = self.world.config()?;
        config.listen = self.listen.unwrap_or(config.listen);
        config.admin_listen = self.admin_listen.unwrap_or(config.admin_listen);
        config.admin_writes |= self.admin_writes;
        config.plain_beyond_loopback |= self.plain_beyond_loopback;
        Ok(config)
    }
}
