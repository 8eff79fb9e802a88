//! What a fault costs: a crashed part of the house costs no socket and no acknowledged save, a crashed board
//! is told to its viewers, a full house refuses one and hurts nobody. And what the operator sees of it.

use serde_json::Value;

use guildhall_client::AdminClient;

use crate::harness::Server;

mod core;
mod listeners;
mod shared_things;
mod status;

/// How a process is made to end.
#[derive(Clone, Copy, Debug)]
enum Fall {
    Kill,
    Panic,
}

/// The supervisor status, asked for over the admin listener.
async fn status(server: &Server) -> Value {
    let admin = AdminClient::new(&server.admin_url, &server.admin_token()).unwrap();
    admin.supervisor().await.unwrap()
}

/// The node of this name, anywhere below `node`.
fn find<'a>(node: &'a Value, name: &str) -> Option<&'a Value> {
    if node["name"] == name {
        return Some(node);
    }
    let mut children = node["children"].as_array().into_iter().flatten();
    children.find_map(|child| find(child, name))
}
