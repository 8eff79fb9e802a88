//! What is about PostgreSQL alone. These run on one, whatever the environment says.

mod commit;
mod locks;
mod lost_world;
mod named_rows;
mod outages;
mod pitfalls;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use guildhall_testkit::Proxy;

use crate::world::World;

/// How long what must come may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A world that is reached through a proxy only, but for its outside sessions.
fn behind_a_proxy() -> (World, Proxy) {
    let mut proxy = None;
    let world = World::reached(|url| {
        let (user, host) = url.split_once('@').unwrap();
        let (host, database) = host.split_once('/').unwrap();
        let target: SocketAddr = host.parse().unwrap();
        let address = proxy.insert(Proxy::before(target)).address();
        format!("{user}@{address}/{database}")
    });
    (world, proxy.unwrap())
}

/// Sessions of ours that wait at their commit for [`commit`]'s gate.
const COMMITTING: &str = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' \
     AND wait_event = 'advisory' AND datname = current_database()";

/// Sessions of ours that wait for a row.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'guildhall' \
     AND wait_event_type = 'Lock' AND datname = current_database()";
