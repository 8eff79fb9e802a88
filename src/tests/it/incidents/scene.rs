//! A server with a long window, people with characters and a guild with a ship, and the means to have their
//! writes share one batch.

use std::time::Duration;

use futures_util::future::join_all;
use guildhall::persistence::drain_everything;
use guildhall_client::{ClientError, Events, NumberedEvent};
use guildhall_protocol::Refusal;
use guildhall_testkit::eventually;
use serde_json::{Value, json};
use uuid::Uuid;

use super::second_writer::SecondWriter;
use crate::harness::{PATIENCE, Player, Server};

/// Longer than any test takes from its first write to its last.
const WINDOW_MS: u64 = 4_000;

/// See the file's head.
pub struct Scene {
    pub server: Server,
    pub second: SecondWriter,
}

impl Scene {
    pub fn start() -> Self {
        let server = Server::start_with(|config| {
            config.limits.flush_window_ms = WINDOW_MS;
            config.limits.journal_flush_window_ms = WINDOW_MS;
            config.limits.saving_delayed_ms = 2 * WINDOW_MS;
        });
        let second = SecondWriter::on(&server);
        Self { server, second }
    }

    /// Runs what a test needs first, closing the window again and again.
    pub async fn prepare<T>(&self, work: impl Future<Output = T>) -> T {
        let hurry = async {
            let mut tick = tokio::time::interval(Duration::from_millis(5));
            loop {
                tick.tick().await;
                drain_everything(&self.server.hall, crate::harness::PATIENCE).await;
            }
        };
        tokio::select! {
            done = work => done,
            () = hurry => unreachable!(),
        }
    }

    /// People who are signed in and connected.
    pub async fn people<const N: usize>(&self, logins: [&str; N]) -> [Player; N] {
        let arrivals = logins.map(|login| self.server.player(login));
        let people = self.prepare(join_all(arrivals)).await;
        people.try_into().unwrap_or_else(|_| unreachable!())
    }

    /// Characters of one player, at version 1.
    pub async fn characters<const N: usize>(&self, of: &Player, names: [&str; N]) -> [Uuid; N] {
        let born = names.map(|name| of.client.create_character(name, json!({"born": name})));
        let born = self.prepare(join_all(born)).await;
        let ids: Vec<_> = born
            .into_iter()
            .map(|born| born.unwrap().0.character)
            .collect();
        ids.try_into().unwrap()
    }

    /// A guild whose ship is at version 1.
    pub async fn guild(&self, of: &Player, name: &str) -> Uuid {
        let made = self.prepare(of.client.create_guild(name)).await;
        made.unwrap().0.guild
    }

    /// Waits until this many writes share the window.
    pub async fn until_waiting(&self, writes: usize) {
        eventually(PATIENCE, "the writes to be in the window", async || {
            self.figures().dirty == writes
        })
        .await;
    }

    /// Closes the window once this many writes are in it, and waits until they are decided.
    pub async fn flush(&self, writes: usize) {
        self.until_waiting(writes).await;
        assert!(drain_everything(&self.server.hall, crate::harness::PATIENCE).await);
    }

    pub fn figures(&self) -> guildhall_store::BufferStats {
        self.server.hall.saving().stats
    }

    /// That the server holds exactly this, as its file and its socket show it.
    pub async fn assert_character(&self, of: &Player, id: Uuid, version: u32, state: Value) {
        let shown = of.client.character(id).await.unwrap();
        assert_eq!((shown.version, &shown.state), (version, &state));
        assert_eq!(self.second.stored(id), Some((version, state)));
    }
}

/// The refusal that somebody was told.
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Refusal {
    match answer {
        Err(ClientError::Refused(refusal)) => refusal,
        other => panic!("{other:?} where a refusal was due"),
    }
}

/// Everything that a session was told unasked, up to its end, which this brings about.
pub async fn told(client: &guildhall_client::Client, events: &mut Events) -> Vec<NumberedEvent> {
    client.close().await;
    let mut told = Vec::new();
    while let Ok(event) = events.next().await {
        told.push(event);
    }
    told
}
