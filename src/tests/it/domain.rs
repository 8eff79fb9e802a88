//! Characters, guilds, ships, services and realms over real sockets: each verb, and each refusal of it.

mod bounds;
mod disbanding;
pub mod escrows;
mod plays;
mod ranks;
mod realms;
mod services;
mod ships;

use guildhall_client::{ClientError, Events};
use guildhall_protocol::{Code, Event, Refusal};

use crate::harness::PATIENCE;

/// The refusal that somebody was told, which has this code.
#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, ClientError>, code: Code) -> Refusal {
    match answer {
        Err(ClientError::Refused(refusal)) if refusal.code == code => refusal,
        other => panic!("{other:?} where {code} was due"),
    }
}

/// The first event that `pick` takes.
async fn told<T>(events: &mut Events, what: &str, pick: impl FnMut(Event) -> Option<T>) -> T {
    let event = tokio::time::timeout(PATIENCE, events.find(pick));
    let event = event
        .await
        .unwrap_or_else(|_| panic!("nobody told: {what}"));
    event.unwrap()
}
