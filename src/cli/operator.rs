//! The way from a command to the admin listener of a running server.

use std::path::PathBuf;

use clap::Args;
use guildhall::server::ADMIN_TOKEN_FILE;
use guildhall_client::{AdminClient, ClientError};
use guildhall_protocol::Code;

use super::Failure;
use super::flags::WorldFlags;

/// Which server.
#[derive(Args)]
pub struct ServerFlags {
    /// The server's admin listener, host:port or its URL; without it the configured address.
    #[arg(long)]
    admin: Option<String>,
    /// File with the admin token; without it the one in the data directory.
    #[arg(long)]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    world: WorldFlags,
}

/// A running server that can be told something.
pub struct Server {
    pub client: AdminClient,
    url: String,
}

impl ServerFlags {
    /// The server that the flags, or the configuration, name.
    pub fn admin(self) -> Result<Server, Failure> {
        let config = self.world.config()?;
        let url = match self.admin {
            Some(url) if url.contains("://") => url,
            Some(address) => format!("http://{address}"),
            None => format!("http://{}", config.admin_listen),
        };
        let token_file = self
            .token_file
            .unwrap_or_else(|| config.data.join(ADMIN_TOKEN_FILE));
        let token = std::fs::read_to_string(&token_file).map_err(|error| {
            format!(
                "{}: {error}. Name the server's data directory with --data, or the file with --token-file.",
                token_file.display()
            )
        })?;
        let client = AdminClient::new(&url, &token)?;
        Ok(Server { client, url })
    }
}

impl Server {
    /// What only the person at the keyboard can put right.
    pub fn explain(&self, error: ClientError) -> Failure {
        let url = &self.url;
        match (error.code(), &error) {
            (Some(Code::Unauthenticated), _) => format!(
                "the server at {url} does not know this admin token. Name that server's data directory with --data, \
                 or its token's file with --token-file."
            )
            .into(),
            (_, ClientError::Unreachable { cause }) => format!(
                "no server answers at {url}: {cause}. Start it, or name its admin listener with --admin."
            )
            .into(),
            _ => error.into(),
        }
    }
}
