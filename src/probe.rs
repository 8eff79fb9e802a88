//! `guildhall probe`: walks the whole path against a running server over real sockets, with the client
//! crate only, and says of every step how long it took. It makes two accounts of its own and leaves what
//! they made behind. Here: the flags and the order of the walk; the steps are in the files beside.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use guildhall_client::{AdminClient, HttpClient};

use crate::demo;
use walk::{Fault, Stopped, Walk};

mod boards;
mod endings;
mod people;
mod saves;
mod walk;

/// What to probe.
#[derive(Args, Clone, Debug)]
pub struct Flags {
    /// Public address of the server, http://host:port.
    #[arg(long)]
    pub url: String,
    /// Admin address of the server, http://host:port.
    #[arg(long)]
    pub admin: String,
    /// File with the admin token, `admin.token` in the server's data directory.
    #[arg(long, value_name = "FILE")]
    pub token_file: PathBuf,
    /// Map to upload, in the Universal VTT format; without it the demo's.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
}

/// Walks until the end or the first step that does not hold. One line per step on standard output, a
/// summary last; the exit status is 0 when all held and 1 otherwise.
pub async fn run(flags: Flags) -> ExitCode {
    let mut out = std::io::stdout();
    let mut walk = Walk::new(&mut out);
    let outcome = path(&mut walk, &flags).await;
    walk.finish(outcome)
}

async fn path(walk: &mut Walk<'_>, flags: &Flags) -> Result<(), Stopped> {
    let prepared = async { prepare(flags) };
    let (http, admin, map) = walk.step("token file and map are read", prepared).await?;
    let mut party = people::arrive(walk, &http).await?;
    let campaign = people::gather(walk, &party).await?;
    boards::share(walk, &mut party, campaign, &map).await?;
    saves::play(walk, &party).await?;
    endings::leave(walk, &party, &admin).await
}

fn prepare(flags: &Flags) -> Result<(HttpClient, AdminClient, Vec<u8>), Fault> {
    let token = String::from_utf8_lossy(&read(&flags.token_file)?).into_owned();
    let map = match &flags.map {
        Some(path) => read(path)?,
        None => demo::TAVERN.to_vec(),
    };
    let admin = AdminClient::new(&flags.admin, &token)?;
    Ok((HttpClient::new(&flags.url)?, admin, map))
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    std::fs::read(path).map_err(|cause| Fault::File {
        path: path.to_path_buf(),
        cause,
    })
}
