//! Bad input: what comes back is typed, nothing is lost, and others are served on.

use std::fmt::Debug;

use guildhall_client::ClientError;
use guildhall_protocol::{Code, Refusal};

use crate::harness::{Player, Server};

mod attempts;
mod conflicts;
mod frames;
mod handshakes;
mod http;
mod maps;
mod messages;
mod names;
mod saves;
mod smuggling;
mod uploads;

/// The refusal of what must have been refused.
#[track_caller]
fn refusal<T: Debug>(outcome: Result<T, ClientError>) -> Refusal {
    let error = outcome.expect_err("a refusal");
    let refusal = error.refusal().cloned();
    let refusal = refusal.unwrap_or_else(|| panic!("not a refusal: {error}"));
    assert!(!refusal.message.is_empty() && !refusal.rule.is_empty() && !refusal.next.is_empty());
    refusal
}

#[track_caller]
fn assert_code<T: Debug>(outcome: Result<T, ClientError>, code: Code) -> Refusal {
    let refusal = refusal(outcome);
    assert_eq!(refusal.code, code, "{refusal}");
    refusal
}

/// An HTTP refusal with its status.
#[track_caller]
fn assert_status<T: Debug>(outcome: Result<T, ClientError>, expected: u16, code: Code) {
    let error = outcome.expect_err("a refusal");
    let ClientError::Http { status, .. } = error else {
        panic!("not an HTTP answer: {error}");
    };
    assert_eq!((status, error.code()), (expected, Some(code)), "{error}");
}

/// Somebody who does nothing wrong, connected before the mischief begins.
struct Bystander(Player);

impl Bystander {
    async fn of(server: &Server) -> Self {
        Self(server.player("the-bystander").await)
    }

    /// The connection of before still works, and so does a new one.
    async fn is_served(&self) {
        self.0.client.keep_alive().await.unwrap();
        let (client, _events) = self.0.account.connect().await.unwrap();
        client.keep_alive().await.unwrap();
        client.close().await;
    }
}
