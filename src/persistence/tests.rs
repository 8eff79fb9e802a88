//! Answers in time, the news after them, and the state of saving: in virtual time, with a database that is
//! gone (its process is not there) and comes back.

use std::time::Duration;

use futures_util::future::join_all;
use guildhall_process::testing::{self, Kit, Probe, Runner, crash_next};
use guildhall_process::{ExitReason, ProcRef, exit};
use guildhall_protocol::{Code, Receipt, Refusal};
use guildhall_rules::saving::SavingState;
use guildhall_store::DEFAULT_REALM;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Change, EntityKey, EntityKind, Pending, STATE_SCHEMA_VERSION, Save, Saved, changes};
use crate::auth::{self, Identity};
use crate::hall::tests::{Given, House, Socket, author};
use crate::session::{Inbound, Message};
use crate::store::Store;

mod journal;

const MS: Duration = Duration::from_millis(1);
/// From the return of the database until everything is flushed, the pause between attempts included.
const RECOVERY: Duration = Duration::from_millis(1_100);

/// A house with an account and a character, whose database can be taken away.
struct Scene {
    kit: Kit,
    house: House,
    anna: Identity,
    hero: Uuid,
    store: ProcRef<Store>,
}

impl Scene {
    async fn open(kit: Kit) -> Self {
        Self::open_with(kit, 16_384).await
    }

    async fn open_with(kit: Kit, dirty_max: usize) -> Self {
        let house = House::open_without_store(&kit, |limits| {
            limits.dirty_max = dirty_max;
            limits.batch_rows_max = dirty_max.min(16);
        });
        let house = house.await;
        let store = house.start_store(&kit).await;
        let anna = house.account("anna").await;
        let hero = Uuid::now_v7();
        let created = house.hall.change(create(hero, &anna), author(anna.account));
        created.await.unwrap();
        Self {
            kit,
            house,
            anna,
            hero,
            store,
        }
    }

    /// The database is gone: what is given to it comes back at once as failed.
    async fn lose_database(&self) {
        exit(self.store.pid(), ExitReason::Kill);
        self.kit
            .assert_exit(self.store.pid(), ExitReason::Killed)
            .await;
    }

    async fn return_database(&mut self) {
        self.store = self.house.start_store(&self.kit).await;
    }

    fn save(&self, base_version: u32, state: &str) -> Save {
        Save {
            key: EntityKey {
                kind: EntityKind::Character,
                id: self.hero,
            },
            base_version,
            schema_version: STATE_SCHEMA_VERSION,
            state: json!(state).to_string().into(),
            fence: None,
            by: author(self.anna.account),
        }
    }

    fn state(&self) -> SavingState {
        self.house.hall.saving().state
    }

    /// How long `asked` took, in milliseconds, and what it came to.
    async fn timed<T>(&self, asked: impl Future<Output = T>) -> (u128, T) {
        let began = self.kit.now();
        let answer = asked.await;
        ((self.kit.now() - began).as_millis(), answer)
    }
}

fn create(id: Uuid, of: &Identity) -> Change {
    let key = format!("hero {id}");
    Change::CreateCharacter(changes::CreateCharacter {
        of_account_max: None,
        id,
        realm: DEFAULT_REALM,
        account: of.account,
        name: changes::NameRow {
            realm: DEFAULT_REALM,
            key: key.clone(),
            display: key.clone(),
            skeleton: key,
            key_version: 1,
        },
        schema_version: STATE_SCHEMA_VERSION,
        state: b"{}".as_slice().into(),
    })
}

/// A client of which a test plays the player.
struct Peer {
    probe: Probe<Given>,
    socket: Socket,
    frames: std::collections::VecDeque<Value>,
}

impl Peer {
    async fn join(scene: &Scene) -> Self {
        let probe = scene.kit.probe("peer").patience(Duration::from_secs(60));
        let house = &scene.house;
        let socket = house
            .connect(&scene.kit, &scene.anna, probe.recipient())
            .await;
        let frames = std::collections::VecDeque::new();
        let mut peer = Self {
            probe,
            socket,
            frames,
        };
        peer.ask(scene, json!({"type": "session.hello", "build": "test"}));
        assert_eq!(peer.hears().await["saving"], scene.state().as_str());
        peer
    }

    fn ask(&self, scene: &Scene, mut request: Value) {
        request["id"] = json!(Uuid::now_v7());
        let message = Message::Text(request.to_string().into());
        let place = Box::new(());
        let inbound = Inbound { message, place };
        scene.kit.tell(&self.socket.session, inbound);
    }

    /// Enters play, which needs the database; saves then need none.
    async fn plays(&mut self, scene: &Scene) {
        let play = json!({"type": "character.play", "character": scene.hero});
        self.ask(scene, play);
        self.hears_of("character.played").await;
    }

    fn save(&self, scene: &Scene, base_version: u32, state: Value) {
        let request = json!({"type": "character.save", "character": scene.hero,
            "base_version": base_version, "state": state});
        self.ask(scene, request);
    }

    /// The next frame that says something.
    async fn hears(&mut self) -> Value {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return frame;
            }
            if let Given::Frames(texts) = self.probe.expect_message().await {
                let frames = texts.iter().map(|text| serde_json::from_str(text).unwrap());
                self.frames.extend(frames);
            }
        }
    }

    async fn hears_of(&mut self, kind: &str) -> Value {
        let frame = self.hears().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame
    }

    async fn hears_nothing(&mut self, kit: &Kit) {
        kit.settle().await;
        assert!(self.frames.is_empty(), "{:?}", self.frames);
        let heard = format!("{:?}", self.probe.drain());
        assert!(!heard.contains("Frames"), "{heard}");
    }
}

#[test]
fn a_save_is_answered_durable_while_the_database_is_there() {
    testing::run(async |kit| {
        let scene = Scene::open(kit).await;
        for until in [Receipt::Safe, Receipt::Durable] {
            let base = u32::from(until == Receipt::Durable) + 1;
            let saved = scene.house.hall.save(scene.save(base, "x"), until).await;
            let durable = Saved {
                version: base + 1,
                receipt: Receipt::Durable,
            };
            assert_eq!(saved, Ok(durable));
        }
        assert_eq!(scene.state(), SavingState::Saving);
    });
}

#[test]
fn without_a_database_saves_are_answered_as_queued_at_the_deadline_and_told_durable_later() {
    testing::run(async |kit| {
        let mut scene = Scene::open(kit.clone()).await;
        let mut peer = Peer::join(&scene).await;
        peer.plays(&scene).await;
        scene.lose_database().await;
        let began = kit.now();
        for base in 1..=3 {
            peer.save(&scene, base, json!(base));
        }
        let delayed = peer.hears_of("server.saving").await;
        assert_eq!(delayed["state"], "saving_delayed");
        assert!(
            delayed["oldest_unsaved_ms"].as_u64() >= Some(20),
            "{delayed}"
        );
        for version in 2..=4 {
            let answer = peer.hears_of("character.saved").await;
            let told = (&answer["version"], &answer["receipt"]);
            assert_eq!(told, (&json!(version), &json!("queued")));
        }
        assert_eq!((kit.now() - began).as_millis(), 4_500);
        kit.advance(Duration::from_secs(8)).await;
        peer.hears_nothing(&kit).await;
        scene.return_database().await;
        let returned = kit.now();
        let durable = peer.hears_of("character.durable").await;
        let told = (&durable["character"], &durable["version"]);
        assert_eq!(told, (&json!(scene.hero), &json!(4)), "one for all three");
        assert!(kit.now() - returned <= RECOVERY);
        assert_eq!(peer.hears_of("server.saving").await["state"], "saving");
        peer.save(&scene, 4, json!("after"));
        assert_eq!(peer.hears().await["receipt"], "durable");
        peer.hears_nothing(&kit).await;
    });
}

#[test]
fn a_save_that_is_refused_after_its_answer_is_told_as_a_reload_with_what_is_there() {
    testing::run(async |kit| {
        let mut scene = Scene::open(kit.clone()).await;
        let mut peer = Peer::join(&scene).await;
        peer.plays(&scene).await;
        scene.lose_database().await;
        let first = scene
            .house
            .hall
            .save(scene.save(1, "theirs"), Receipt::Safe);
        peer.save(&scene, 1, json!("mine"));
        peer.hears_of("server.saving").await;
        let answer = peer.hears_of("character.saved").await;
        assert_eq!(answer["receipt"], "queued");
        assert_eq!(first.await.unwrap().receipt, Receipt::Queued);
        scene.return_database().await;
        let reloaded = peer.hears_of("character.reloaded").await;
        assert_eq!(reloaded["reason"], "save.compare_and_set");
        let told = (&reloaded["version"], &reloaded["state"]);
        assert_eq!(told, (&json!(2), &json!("theirs")));
    });
}

#[test]
fn a_save_whose_session_is_gone_is_written_all_the_same() {
    testing::run(async |kit| {
        let mut scene = Scene::open(kit.clone()).await;
        let mut peer = Peer::join(&scene).await;
        peer.plays(&scene).await;
        scene.lose_database().await;
        peer.save(&scene, 1, json!("last words"));
        kit.settle().await;
        let session = peer.socket.session.pid();
        drop(peer);
        kit.assert_exit(session, "dropped").await;
        kit.advance(Duration::from_secs(10)).await;
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        let stats = scene.house.hall.saving().stats;
        assert_eq!((stats.dirty, stats.refused), (0, 0));
        let saved = scene
            .house
            .hall
            .save(scene.save(2, "next"), Receipt::Durable);
        assert_eq!(saved.await.unwrap().version, 3);
    });
}

#[test]
fn a_change_that_the_database_does_not_have_is_taken_back_and_one_that_it_has_is_of_unknown_outcome()
 {
    testing::run(async |kit| {
        let mut scene = Scene::open(kit.clone()).await;
        scene.lose_database().await;
        let hall = &scene.house.hall;
        let by = author(scene.anna.account);
        let (given_out, waits) = (Uuid::now_v7(), Uuid::now_v7());
        let ask = |id| hall.change(create(id, &scene.anna), by);
        let given = scene.timed(ask(given_out));
        let waiting = async {
            kit.advance(MS).await;
            scene.timed(ask(waits)).await
        };
        let ((first_ms, first), (second_ms, second)) =
            futures_util::future::join(given, waiting).await;
        let told = |refused: Result<u32, Refusal>| refused.unwrap_err();
        let (first, second) = (told(first), told(second));
        assert_eq!(
            (first.code, second.code),
            (Code::Unavailable, Code::Unavailable)
        );
        assert_eq!(first.rule, "change.outcome_unknown");
        assert_eq!(second.rule, "change.taken_back");
        assert_eq!((first_ms, second_ms), (4_500, 4_500));
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        let exists = |id: Uuid| {
            let hall = &scene.house.hall;
            hall.read(move |conn| guildhall_store::queries::character(conn, id))
        };
        assert!(exists(given_out).await.unwrap().is_some());
        assert!(exists(waits).await.unwrap().is_none(), "nothing was done");
    });
}

#[test]
fn a_full_buffer_is_read_only_tells_everyone_it_refuses_and_loses_nothing_that_it_took() {
    testing::run(async |kit| {
        let mut scene = Scene::open_with(kit.clone(), 40).await;
        let mut peer = Peer::join(&scene).await;
        scene.lose_database().await;
        let hall = &scene.house.hall;
        let saves = (1..=100).map(|base| hall.save(scene.save(base, "x"), Receipt::Durable));
        let answers = join_all(saves.collect::<Vec<_>>()).await;
        let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((taken.len(), refused.len()), (40, 60));
        for refused in refused {
            assert_eq!(refused.unwrap_err().code, Code::Overloaded);
        }
        for taken in taken {
            assert_eq!(taken.unwrap().receipt, Receipt::Queued);
        }
        let stats = hall.saving().stats;
        assert_eq!((stats.dirty, stats.overloaded), (40, 60));
        assert_eq!(peer.hears_of("server.saving").await["state"], "read_only");
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        assert_eq!(peer.hears_of("server.saving").await["state"], "saving");
        let saved = scene.house.hall.save(scene.save(41, "x"), Receipt::Durable);
        assert_eq!(saved.await.unwrap().version, 42);
    });
}

#[test]
fn a_successor_of_a_crashed_process_answers_what_is_owed_once() {
    testing::run(async |kit| {
        let mut scene = Scene::open(kit.clone()).await;
        scene.lose_database().await;
        let saved = scene
            .house
            .hall
            .save(scene.save(1, "kept"), Receipt::Durable);
        kit.settle().await;
        let before = scene.house.hall.persistence.whereis().unwrap();
        assert!(crash_next(before.pid()));
        let pending = Pending::Changes;
        let reply = guildhall_process::ReplyTo::detached();
        kit.tell(&before, super::Drain { pending, reply });
        kit.assert_exit(before.pid(), |reason: &ExitReason| {
            matches!(reason, ExitReason::Panic(_))
        })
        .await;
        scene.house.start_persistence(&kit).await;
        let (ms, saved) = scene.timed(saved).await;
        assert_eq!(saved.unwrap().receipt, Receipt::Queued);
        assert!(ms <= 4_500, "{ms}");
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        assert_eq!(scene.house.hall.saving().stats.dirty, 0);
    });
}

#[test]
fn more_saves_than_fit_level_off_again_and_again_and_every_one_is_answered_and_none_is_lost() {
    testing::run(async |kit| {
        let mut scene = Scene::open_with(kit.clone(), 200).await;
        let (mut taken, mut overloaded) = (0, 0);
        for round in 0..20 {
            scene.lose_database().await;
            let base = newest(&scene).await;
            assert_eq!(base, 1 + taken, "round {round}");
            let hall = &scene.house.hall;
            let save = |base| hall.save(scene.save(base, "x"), Receipt::Durable);
            let saves = (base..base + 300).map(save).collect::<Vec<_>>();
            for answer in join_all(saves).await {
                match answer {
                    Ok(saved) => taken += u32::from(saved.receipt == Receipt::Queued),
                    Err(refusal) => overloaded += u32::from(refusal.code == Code::Overloaded),
                }
            }
            assert_eq!(hall.saving().stats.dirty, 200, "round {round}");
            scene.return_database().await;
            kit.advance(RECOVERY).await;
            let stats = scene.house.hall.saving().stats;
            assert_eq!((stats.dirty, stats.dirty_bytes), (0, 0), "round {round}");
        }
        assert_eq!((taken, overloaded), (20 * 200, 20 * 100));
        assert_eq!(newest(&scene).await, 1 + taken);
    });
}

async fn newest(scene: &Scene) -> u32 {
    let hero = scene.hero;
    let row = scene
        .house
        .hall
        .read(move |conn| guildhall_store::queries::character(conn, hero));
    row.await.unwrap().unwrap().version
}

#[test]
fn a_token_that_was_good_is_good_while_the_database_hangs_and_a_signed_out_one_never_again() {
    Runner::new().real_time().run(async |kit| {
        let house = House::open_without_store(&kit, |limits| limits.reader_threads = 1).await;
        let store = house.start_store(&kit).await;
        let anna = house.account("anna").await;
        let hall = &house.hall;
        let known = auth::identify(hall, anna.token).await.unwrap();
        assert_eq!(known.account, anna.account);
        let (go_on, stopped) = std::sync::mpsc::channel::<()>();
        let hangs = hall.read_within(MS * 10, move |_| Ok(stopped.recv().is_err()));
        assert_eq!(hangs.await.unwrap_err().code, Code::Unavailable);
        let again = auth::identify(hall, anna.token).await.unwrap();
        assert_eq!(again.account, anna.account);
        let stranger = auth::secrets::hash_of("never seen");
        let refused = auth::identify(hall, stranger).await.unwrap_err();
        assert_eq!(refused.code, Code::Unavailable, "nobody can know");
        hall.tokens.sign_out(anna.token);
        let refused = auth::identify(hall, anna.token).await.unwrap_err();
        assert_eq!(refused.code, Code::Unauthenticated);
        drop(go_on);
        kit.assert_alive(store.pid()).await;
    });
}

#[test]
fn a_read_whose_thread_hangs_is_given_up_in_time_and_no_more_are_begun_until_it_is_back() {
    Runner::new().real_time().run(async |kit| {
        let house = House::open_without_store(&kit, |limits| {
            limits.read_deadline_ms = 50;
            limits.reader_threads = 1;
        });
        let house = house.await;
        let (go_on, stopped) = std::sync::mpsc::channel::<()>();
        let hangs = house.hall.read(move |_| Ok(stopped.recv().is_err()));
        assert_eq!(hangs.await.unwrap_err().code, Code::Unavailable);
        // At once: the thread is not there to begin it.
        let next = house.hall.read(|_| Ok(()));
        assert_eq!(next.await.unwrap_err().code, Code::Unavailable);
        drop(go_on);
        while house.hall.readers.pool().stats().running > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(house.hall.read(|_| Ok(7)).await, Ok(7));
    });
}
