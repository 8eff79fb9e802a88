//! The database is away, hangs, or has no room: a state that everybody is told, in which nobody waits longer than
//! 5 s for an answer, nothing false is promised, and which is over within 10 s of its cause.

use std::time::{Duration, Instant};

use futures_util::future::join;
use guildhall_client::{ClientError, HttpClient};
use guildhall_protocol::{Code, Event, Receipt, SavingState};
use guildhall_testkit::eventually;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{PASSWORD, PATIENCE, Player, Server};

mod clock;
mod postgres;
mod sqlite;

/// Within this every request is answered, whatever the database does.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Within this of the database's return everything is saved.
const CATCH_UP_MAX: Duration = Duration::from_secs(10);

/// A player with a hero, on a server whose database is about to go away.
struct Scene {
    server: Server,
    player: Player,
    hero: Uuid,
}

impl Scene {
    async fn on(server: Server) -> Self {
        let mut player = server.player("player").await;
        // Asks for no more than the first promise.
        let http = HttpClient::new(&server.url).unwrap();
        let account = http.account(player.account.id(), player.account.token().to_owned());
        (player.client, player.events) = account.connect().await.unwrap();
        let made = player.client.create_character("Hero", json!({})).await;
        let hero = made.unwrap().0.character;
        Self {
            server,
            player,
            hero,
        }
    }

    async fn figures(&self) -> Value {
        let status = guildhall::admin::status(&self.server.hall).await;
        status["persistence"].clone()
    }

    /// The whole of an outage that `begin` begins and `end` ends.
    async fn ride_out(mut self, begin: impl AsyncFnOnce(), end: impl AsyncFnOnce()) {
        begin().await;
        let (saved, created) = self.answers_in_time().await;
        self.hears(SavingState::SavingDelayed).await;
        let figures = self.figures().await;
        assert_eq!(figures["state"], "saving_delayed", "{figures}");
        assert!(figures["oldest_unsaved_ms"].as_u64() > Some(0), "{figures}");

        let begun = Instant::now();
        end().await;
        self.is_caught_up().await;
        let took = begun.elapsed();
        assert!(took < CATCH_UP_MAX, "caught up after {took:?}");
        self.hears(SavingState::Saving).await;
        // Nothing false was promised: what was refused plainly is not there, what was taken up is.
        let names = self.player.client.characters().await.unwrap();
        let was_made = names.iter().any(|listed| listed.name == "Late");
        match created {
            Ok(_) => assert!(was_made),
            Err(error) => {
                let ClientError::Refused(refusal) = &error else {
                    panic!("{error}");
                };
                assert_eq!(refusal.code, Code::Unavailable, "{error}");
                let unknown = refusal.rule == "change.outcome_unknown";
                assert!(unknown || !was_made, "{error}");
            }
        }
        let shown = self.player.client.character(self.hero).await.unwrap();
        assert_eq!((shown.version, shown.state), (2, json!({"kept": true})));
        assert_ne!(saved, Receipt::Durable, "nothing could be committed");
    }

    /// A save and a new character, asked for at once; how each was answered.
    async fn answers_in_time(&self) -> (Receipt, Result<Uuid, ClientError>) {
        let client = &self.player.client;
        let begun = Instant::now();
        let save = client.save_character(self.hero, 1, json!({"kept": true}));
        let (saved, created) = join(save, client.create_character("Late", json!({}))).await;
        let took = begun.elapsed();
        assert!(took < ANSWER_MAX, "answered after {took:?}");
        let read = client.character(self.hero).await;
        let took = begun.elapsed() - took;
        assert!(took < ANSWER_MAX, "read after {took:?}");
        if let Err(error) = read {
            assert_eq!(error.code(), Some(Code::Unavailable), "{error}");
        }
        let created = created.map(|(made, _)| made.character);
        (saved.unwrap().receipt, created)
    }

    /// Waits for this word about saving.
    async fn hears(&mut self, wanted: SavingState) {
        let event = self.player.events.find(|event| match event {
            Event::ServerSaving { state, .. } if state == wanted => Some(()),
            _ => None,
        });
        let told = tokio::time::timeout(PATIENCE, event).await;
        told.unwrap_or_else(|_| panic!("{wanted:?} was not told"))
            .unwrap();
    }

    async fn is_caught_up(&self) {
        eventually(PATIENCE, "everything to be saved", async || {
            let figures = self.figures().await;
            figures["dirty"] == 0 && figures["state"] == "saving"
        })
        .await;
    }
}
