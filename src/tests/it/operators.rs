//! What the operator can ask of a running server and have it do, and who cannot.

use guildhall_client::AdminClient;

use crate::harness::Server;

mod names;
mod people;
mod restores;
mod retention;
mod routes;
mod services;

/// A server whose admin listener may change things.
fn writable() -> Server {
    Server::start_with(|config| config.admin_writes = true)
}

fn admin(server: &Server) -> AdminClient {
    AdminClient::new(&server.admin_url, &server.admin_token()).unwrap()
}
