//! Saves that only the database refuses. In every batch here one hero is struck; his owner is told what the
//! server holds of him, and two other heroes and a ship sail through.

use std::time::Duration;

use futures_util::future::{join, join3, join4};
use guildhall_client::{ClientError, Saved};
use guildhall_protocol::{Code, Event, Refusal};
use guildhall_testkit::Then;
use serde_json::{Value, json};
use uuid::Uuid;

use super::scene::{Scene, refusal};
use super::second_writer::poisoned;
use crate::harness::{PATIENCE, Player};

/// The scene of every strike: whose hero is struck, and who must not notice.
struct Fleet {
    scene: Scene,
    struck: Player,
    /// The struck player's two heroes.
    hero: Uuid,
    brother: Uuid,
    other: Player,
    stranger: Uuid,
    guild: Uuid,
}

impl Fleet {
    async fn gather() -> Self {
        let scene = Scene::start();
        let [struck, other] = scene.people(["struck", "other"]).await;
        let [hero, brother] = scene.characters(&struck, ["Hero", "Brother"]).await;
        let [stranger] = scene.characters(&other, ["Stranger"]).await;
        let guild = scene.guild(&other, "Corsairs").await;
        Self {
            scene,
            struck,
            hero,
            brother,
            other,
            stranger,
            guild,
        }
    }

    /// One batch of four saves, of which the hero's must be refused; the neighbours end at `version`.
    async fn strike(&mut self, version: u32) -> Refusal {
        let before = self.scene.second.newest_batch();
        let base = version - 1;
        let state = json!({"good": version});
        let mine = &self.struck.client;
        let theirs = &self.other.client;
        let saves = join4(
            mine.save_character(self.hero, 1, json!({"bad": version})),
            mine.save_character(self.brother, base, state.clone()),
            theirs.save_character(self.stranger, base, state.clone()),
            theirs.save_ship(self.guild, base, state.clone()),
        );
        let ((bad, brother, stranger, ship), ()) = join(saves, self.scene.flush(4)).await;
        for saved in [brother, stranger, ship] {
            assert_eq!(saved.unwrap().version, version);
        }
        let mine = &self.struck;
        let scene = &self.scene;
        scene
            .assert_character(mine, self.brother, version, state.clone())
            .await;
        scene
            .assert_character(&self.other, self.stranger, version, state.clone())
            .await;
        let kept = self.scene.second.stored(self.guild);
        assert_eq!(kept, Some((version, state)));
        self.assert_one_batch(before, version);
        refusal(bad)
    }

    /// The file tells the same: one batch, three rows, and the refused one with its payload.
    fn assert_one_batch(&self, before: i64, version: u32) {
        let second = &self.scene.second;
        let [batch] = &second.batches_after(before)[..] else {
            panic!("{:?}", second.batches_after(before));
        };
        assert_eq!((batch.rows, batch.refused), (3, 1));
        let refused = second.refused();
        let refused: Vec<_> = refused.iter().filter(|it| it.batch == batch.seq).collect();
        let [it] = &refused[..] else {
            panic!("{refused:?}");
        };
        assert_eq!((it.entity, it.version), (self.hero, 2));
        assert_eq!(it.account, self.struck.account.id());
        assert_eq!(it.session, Some(self.struck.client.welcome().session));
        assert_eq!(it.payload, json!({"bad": version}));
        let history = second.history(self.hero, before);
        assert_eq!(history.len(), 1);
        assert_eq!(
            (&history[0].cause, history[0].batch),
            (&it.cause, batch.seq)
        );
    }

    /// The struck player hears first what the server holds of his hero.
    async fn reloaded(&mut self) -> (Uuid, u32, Value, String) {
        let event = self.struck.events.find(|event| match event {
            Event::CharacterReloaded {
                character,
                reason,
                version,
                state,
            } => Some((character, version, state, reason)),
            _ => None,
        });
        let told = tokio::time::timeout(PATIENCE, event);
        told.await.expect("character.reloaded").unwrap()
    }

    /// Refused by `rule`, the hero is where he was born, and can be saved as soon as nothing is in his way.
    async fn assert_struck_by(&mut self, refused: Refusal, rule: &str) {
        assert_eq!(refused.code, Code::RefusedByDatabase);
        assert_eq!(refused.rule, rule);
        assert!(!refused.next.is_empty());
        let born = json!({"born": "Hero"});
        assert_eq!(refused.detail.as_deref(), Some(&json!({"version": 1})));
        let told = self.reloaded().await;
        assert_eq!(told, (self.hero, 1, born.clone(), rule.to_owned()));
        let (scene, struck) = (&self.scene, &self.struck);
        scene.assert_character(struck, self.hero, 1, born).await;
        let cause = rule.strip_prefix("database.").unwrap();
        let recorded = self.scene.second.refused();
        assert_eq!(recorded.last().unwrap().cause, cause);
    }

    /// From now on this happens to every save of the hero.
    fn trigger(&self, when: &str, then: Then<'_>) {
        let (when, of) = (
            format!("{when} UPDATE ON characters"),
            format!("NEW.id = '{}'", self.hero),
        );
        self.scene.second.trigger("poison", &when, &of, then);
    }

    /// From now on no character can be saved whose cargo is poison.
    fn poison_cargo(&self) {
        let second = &self.scene.second;
        let condition = format!("{} LIKE '%poison%'", second.text_of("NEW.state"));
        let (when, raise) = ("BEFORE UPDATE ON characters", Then::Raise("ABORT"));
        second.trigger("poison", when, &condition, raise);
    }

    async fn save_hero(&self, base: u32) -> Result<Saved, ClientError> {
        let save = self
            .struck
            .client
            .save_character(self.hero, base, json!({"well": base}));
        self.scene.prepare(save).await
    }
}

/// Every way in which a trigger of a second writer can say no to one row.
async fn struck_by_trigger(when: &str, then: Then<'_>) {
    let mut fleet = Fleet::gather().await;
    fleet.trigger(when, then);
    let cause = match then {
        Then::Ignore => "trigger",
        _ => poisoned(),
    };
    let rule = format!("database.{cause}");
    let refused = fleet.strike(2).await;
    fleet.assert_struck_by(refused, &rule).await;
    let refused = fleet.strike(3).await;
    fleet.assert_struck_by(refused, &rule).await;
    fleet.scene.second.drop_trigger("poison");
    assert_eq!(fleet.save_hero(1).await.unwrap().version, 2);
}

#[tokio::test]
async fn a_save_that_a_trigger_aborts_is_refused_alone() {
    struck_by_trigger("BEFORE", Then::Raise("ABORT")).await;
}

#[tokio::test]
async fn a_save_whose_trigger_rolls_the_transaction_back_is_refused_alone() {
    struck_by_trigger("BEFORE", Then::Raise("ROLLBACK")).await;
}

#[tokio::test]
async fn a_save_that_a_trigger_fails_is_refused_alone() {
    struck_by_trigger("BEFORE", Then::Raise("FAIL")).await;
}

#[tokio::test]
async fn a_save_that_a_trigger_fails_after_the_fact_does_not_stand() {
    struck_by_trigger("AFTER", Then::Raise("FAIL")).await;
}

#[tokio::test]
async fn a_save_that_a_trigger_passes_over_is_refused_alone() {
    struck_by_trigger("BEFORE", Then::Ignore).await;
}

/// The schema's own checks pass; what a second writer has put behind the row does not.
#[tokio::test]
async fn a_save_that_breaks_any_constraint_of_the_database_is_refused_alone() {
    let mut fleet = Fleet::gather().await;
    fleet.scene.second.run(
        "CREATE TABLE tally (n INTEGER NOT NULL CONSTRAINT tally_is_full CHECK (n <= 3));
         INSERT INTO tally VALUES (3);",
    );
    let nobody = Uuid::now_v7();
    let breaks = [
        ("check", "UPDATE tally SET n = n + 1".to_owned()),
        (
            "foreign_key",
            format!("INSERT INTO guild_members VALUES ('{nobody}', '{nobody}', 'member', 0)"),
        ),
        (
            "unique",
            "INSERT INTO realms SELECT id, name FROM realms".to_owned(),
        ),
        ("not_null", "UPDATE tally SET n = NULL".to_owned()),
    ];
    for (version, (cause, statement)) in (2..).zip(breaks) {
        fleet.trigger("AFTER", Then::Do(&statement));
        let refused = fleet.strike(version).await;
        let rule = format!("database.{cause}");
        fleet.assert_struck_by(refused, &rule).await;
        if cause == "check" {
            let recorded = fleet.scene.second.refused();
            let constraint = recorded.last().unwrap().constraint.as_deref();
            assert_eq!(constraint, Some("tally_is_full"));
        }
        fleet.scene.second.drop_trigger("poison");
    }
    assert_eq!(fleet.save_hero(1).await.unwrap().version, 2);
}

#[tokio::test]
async fn a_save_over_a_row_that_a_second_writer_has_changed_is_refused_alone_and_shows_the_change()
{
    let mut fleet = Fleet::gather().await;
    fleet.scene.second.run(&format!(
        "UPDATE characters SET version = 7, state = '{{\"by\": \"hand\"}}' WHERE id = '{}'",
        fleet.hero
    ));
    let refused = fleet.strike(2).await;
    let state = json!({"by": "hand"});
    assert_eq!(refused.code, Code::StaleVersion);
    let detail = json!({"version": 7, "state": state});
    assert_eq!(refused.detail.as_deref(), Some(&detail));
    let heard = fleet.struck.events.next();
    let heard = tokio::time::timeout(Duration::ZERO, heard).await;
    assert!(
        heard.is_err(),
        "a conflict is told by its answer: {heard:?}"
    );
    assert_eq!(fleet.scene.second.refused()[0].cause, "stale");
    assert_eq!(fleet.save_hero(7).await.unwrap().version, 8);
}

#[tokio::test]
async fn a_save_of_a_row_that_was_deleted_under_our_feet_is_refused_alone() {
    let mut fleet = Fleet::gather().await;
    fleet.scene.second.run(&format!(
        "DELETE FROM characters WHERE id = '{}'",
        fleet.hero
    ));
    let refused = fleet.strike(2).await;
    assert_eq!(refused.code, Code::NotFound);
    assert_eq!(refused.detail, None);
    assert_eq!(fleet.scene.second.refused()[0].cause, "gone");
    // Still true later, and still nobody else's matter.
    let again = fleet.strike(3).await;
    assert_eq!(again.code, Code::NotFound);
}

/// Two saves of one hero in one window: the good one must not go down with the bad one.
#[tokio::test]
async fn a_good_save_is_durable_although_the_next_of_its_window_is_poison() {
    let mut fleet = Fleet::gather().await;
    let before = fleet.scene.second.newest_batch();
    fleet.poison_cargo();
    let (good, client) = (json!({"cargo": "rum"}), &fleet.struck.client);
    let saves = join3(
        client.save_character(fleet.hero, 1, good.clone()),
        client.save_character(fleet.hero, 2, json!({"cargo": "poison"})),
        fleet.other.client.save_ship(fleet.guild, 1, json!({})),
    );
    let ((first, second, ship), ()) = join(saves, fleet.scene.flush(3)).await;
    assert_eq!(first.unwrap().version, 2);
    assert_eq!(ship.unwrap().version, 2);
    let refused = refusal(second);
    assert_eq!(refused.code, Code::RefusedByDatabase);
    assert_eq!(refused.rule, format!("database.{}", poisoned()));
    assert_eq!(refused.detail.as_deref(), Some(&json!({"version": 2})));
    let told = fleet.reloaded().await;
    assert_eq!(told, (fleet.hero, 2, good.clone(), refused.rule));

    let (scene, struck) = (&fleet.scene, &fleet.struck);
    scene.assert_character(struck, fleet.hero, 2, good).await;
    let [batch] = &scene.second.batches_after(before)[..] else {
        panic!("{:?}", scene.second.batches_after(before));
    };
    assert_eq!((batch.rows, batch.refused), (2, 1));
    let [kept] = &scene.second.refused()[..] else {
        panic!("{:?}", scene.second.refused());
    };
    assert_eq!((kept.version, kept.cause.as_str()), (3, poisoned()));
    assert_eq!(kept.payload, json!({"cargo": "poison"}));
    assert_eq!(fleet.save_hero(2).await.unwrap().version, 3);
}

/// Between two good saves poison does not even reach the database: what counts is the newest state.
#[tokio::test]
async fn poison_that_a_good_save_of_its_window_replaces_harms_nobody() {
    let fleet = Fleet::gather().await;
    fleet.poison_cargo();
    let client = &fleet.struck.client;
    let saves = join3(
        client.save_character(fleet.hero, 1, json!({"cargo": "rum"})),
        client.save_character(fleet.hero, 2, json!({"cargo": "poison"})),
        client.save_character(fleet.hero, 3, json!({"cargo": "silk"})),
    );
    let ((first, second, third), ()) = join(saves, fleet.scene.flush(3)).await;
    let versions = [first, second, third].map(|saved| saved.unwrap().version);
    assert_eq!(versions, [2, 3, 4]);
    let (scene, struck) = (&fleet.scene, &fleet.struck);
    let silk = json!({"cargo": "silk"});
    scene.assert_character(struck, fleet.hero, 4, silk).await;
    assert!(scene.second.refused().is_empty());
}

/// A trigger that strikes the ship is told to whoever saved it, as one on a hero is.
#[tokio::test]
async fn a_ship_that_the_database_refuses_costs_its_crew_nothing() {
    let mut fleet = Fleet::gather().await;
    let raise = Then::Raise("ABORT");
    let second = &fleet.scene.second;
    second.trigger("poison", "BEFORE UPDATE ON ships", "", raise);
    let (mine, theirs) = (&fleet.struck.client, &fleet.other.client);
    let saves = join3(
        theirs.save_ship(fleet.guild, 1, json!({"at": "sea"})),
        theirs.save_character(fleet.stranger, 1, json!({"at": "sea"})),
        mine.save_character(fleet.hero, 1, json!({"at": "sea"})),
    );
    let ((ship, stranger, hero), ()) = join(saves, fleet.scene.flush(3)).await;
    let rule = format!("database.{}", poisoned());
    assert_eq!(refusal(ship).rule, rule);
    assert_eq!(stranger.unwrap().version, 2);
    assert_eq!(hero.unwrap().version, 2);
    let event = fleet.other.events.next();
    let event = tokio::time::timeout(PATIENCE, event).await.unwrap();
    let told = Event::ShipReloaded {
        guild: fleet.guild,
        reason: rule,
        version: 1,
        state: json!({}),
    };
    assert_eq!(event.unwrap().event, told);
    fleet.scene.second.drop_trigger("poison");
    let saved = theirs.save_ship(fleet.guild, 1, json!({"at": "sea"}));
    assert_eq!(fleet.scene.prepare(saved).await.unwrap().version, 2);
}
