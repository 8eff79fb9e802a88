//! The incident that this engine exists for: a guild's ship was in one batch with somebody else's bad
//! write, and was lost. Here it is beside every kind of poison at once.

use guildhall_store::{Cause, EntityKey, Member, Outcome, STATE_BYTES_MAX, Save, Write, queries};
use uuid::Uuid;

use crate::world::{Then, World, cause};

/// A name that only the database knows: a look-back that was too short lost it.
const LONG_AGO: &str = "ahab";

fn forgotten_name(world: &World) {
    world.meddle(&format!(
        "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, \
         key_version, claimed_at) VALUES ('x', '{}', 'character', '{}', '{LONG_AGO}', 'Ahab', \
         '{LONG_AGO}', 1, 0)",
        world.realm,
        Uuid::now_v7()
    ));
}

fn rules(world: &World) {
    for table in ["characters", "ships"] {
        world.refuse(
            "UPDATE",
            table,
            &world.state_is("plain"),
            Then::Raise("ABORT"),
        );
        world.refuse("UPDATE", table, &world.state_is("unclear"), Then::Unclear);
    }
    world.refuse_at_commit("at commit");
}

/// Whom each kind of poison is for.
struct Bad {
    renamer: EntityKey,
    savers: [EntityKey; 7],
    traders: [EntityKey; 2],
}

impl Bad {
    fn new(world: &mut World) -> Self {
        let mut hero = |name: &str| world.character(name);
        Self {
            renamer: hero("Renamer"),
            savers: ["A", "B", "C", "D", "E", "F", "G"].map(&mut hero),
            traders: ["One", "Other"].map(&mut hero),
        }
    }

    /// Submits every kind of poison; the cause that each must have.
    fn submit(&self, world: &mut World) -> Vec<Cause> {
        world.submit_change(world.rename(self.renamer, "Ahab"));
        world.submit_change(world.create_character(Uuid::now_v7(), "N\0l"));
        let nobody = EntityKey {
            id: Uuid::now_v7(),
            ..self.renamer
        };
        world.submit(world.save(nobody, 1, "gone"));
        let mut causes = vec![Cause::Unique, Cause::Check, Cause::Gone];
        for (save, cause) in self.saves(world) {
            world.submit(save);
            causes.push(cause);
        }
        let members = self.traders.into_iter().zip(["fine", "plain"]);
        let members = members.map(|(key, state)| Member::Save(world.save(key, 1, state)));
        world.submit(Write::Group(members.collect(), world.by()));
        causes.push(world.plain());
        causes
    }

    fn saves(&self, world: &World) -> [(Save, Cause); 7] {
        let [stale, fenced, check, plain, unclear, at_commit, long] =
            self.savers.map(|key| world.save(key, 1, "fine"));
        let with = |save: Save, state: &'static str| Save {
            state: state.into(),
            ..save
        };
        let stale = Save {
            base_version: 9,
            ..stale
        };
        let fenced = Save {
            fence: Some(4),
            ..fenced
        };
        let check = Save {
            schema_version: 0,
            ..check
        };
        let long = Save {
            state: vec![0; STATE_BYTES_MAX + 1].into(),
            ..long
        };
        [
            (stale, Cause::Stale),
            (fenced, Cause::Fenced),
            (check, Cause::Check),
            (with(plain, "plain"), world.plain()),
            (with(unclear, "unclear"), Cause::Held),
            (with(at_commit, "at commit"), Cause::Held),
            (long, Cause::TooLarge),
        ]
    }
}

#[test]
fn the_ship_and_all_who_are_innocent_are_durable_beside_every_kind_of_poison() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    let heroes: Vec<_> = (0..9)
        .map(|n| world.character(&format!("Hero {n}")))
        .collect();
    let bad = Bad::new(&mut world);
    forgotten_name(&world);
    rules(&world);
    for hero in &heroes[..4] {
        world.submit(world.save(*hero, 1, "at sea"));
    }
    let mut expected = vec![None; 4];
    expected.extend(bad.submit(&mut world).into_iter().map(Some));
    world.submit(world.save(ship, 1, "at sea"));
    for hero in &heroes[4..] {
        world.submit(world.save(*hero, 1, "at sea"));
    }
    expected.extend(vec![None; 6]);
    let (_, outcomes) = world.until_committed();
    let causes: Vec<_> = outcomes.iter().map(cause).collect();
    assert_eq!(causes, expected);
    for key in heroes.iter().chain([&ship]) {
        assert_eq!(world.stored(*key), (2, b"at sea".to_vec()));
    }
    let at_sea = |(version, state): &(u32, Vec<u8>)| *version == 2 && state == b"at sea";
    let saved = world
        .all_stored()
        .values()
        .filter(|row| at_sea(row))
        .count();
    assert_eq!(saved, 10, "and nobody who was refused");
}

/// Each refusal is explained for as long as the world lives, and the ship's own story has no gap.
#[test]
fn the_ships_history_and_the_refusals_tell_the_whole_story() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    let renamer = world.character("Renamer");
    forgotten_name(&world);
    world.submit_change(world.rename(renamer, "Ahab"));
    world.submit(world.save(ship, 1, "at sea"));
    assert_eq!(
        world.flush().iter().map(cause).collect::<Vec<_>>(),
        [Some(Cause::Unique), None]
    );
    let lines = world.read(|conn| queries::history_of(conn, ship.id, 10));
    let saved: Vec<_> = lines
        .iter()
        .filter(|line| line.entity_kind == "ship")
        .map(|line| (line.cause.as_str(), line.version))
        .collect();
    assert_eq!(saved[0], ("saved", 2));
    let refused = world.read(|conn| queries::refused_writes_of(conn, renamer.id, 10));
    assert_eq!(refused.len(), 1);
    let constraint = refused[0].constraint_name.as_deref().unwrap();
    assert!(constraint.contains("name_key"), "{constraint}");
    let payload = String::from_utf8(refused[0].payload.clone()).unwrap();
    assert!(payload.contains(LONG_AGO), "{payload}");
}

#[test]
fn the_next_batch_of_the_ship_builds_on_what_was_acknowledged() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    rules(&world);
    for (base, state) in [(1, "two"), (2, "three"), (3, "plain")] {
        world.submit(world.save(ship, base, state));
    }
    let outcomes = world.flush();
    let causes: Vec<_> = outcomes.iter().map(cause).collect();
    assert_eq!(causes, [None, None, Some(world.plain())]);
    world.submit(world.save(ship, 3, "four"));
    assert_eq!(world.flush(), [Outcome::Durable { version: 4 }]);
}
