//! The story of a thing with a long history is told within a second.

use std::time::{Duration, Instant};

use guildhall_store::Database;
use guildhall_store::explain::{Kind, gather, tell};
use guildhall_testkit::Backend;

use crate::world::World;

/// Ten thousand versions of a ship, each in a batch with ten other saves, and every fifth refused.
const LINES: u32 = 10_000;

fn long_history(world: &World, ship: &str) {
    let numbers = match world.backend() {
        Backend::Sqlite => format!(
            "(WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n <= {LINES}) SELECT n FROM n)"
        ),
        Backend::Postgres => format!("(SELECT n FROM generate_series(2, {LINES} + 1) AS n)"),
    };
    let (state, payload) = match world.backend() {
        Backend::Sqlite => ("zeroblob(1000)", "zeroblob(65536)"),
        Backend::Postgres => (
            "decode(repeat('00', 1000), 'hex')",
            "decode(repeat('00', 65536), 'hex')",
        ),
    };
    let by = world.account;
    world.meddle(&format!(
        "INSERT INTO entity_history (entity_kind, entity_id, version, account_id, batch, write_seq, cause, at, \
         schema_version, state) SELECT 'ship', '{ship}', n, '{by}', 1000 + n, n, \
         CASE WHEN n % 5 = 0 THEN 'stale' ELSE 'saved' END, n, 1, {state} FROM {numbers} AS numbers"
    ));
    for other in 0..10 {
        world.meddle(&format!(
            "INSERT INTO entity_history (entity_kind, entity_id, version, account_id, batch, write_seq, cause, at) \
             SELECT 'character', 'other-{other}', n, '{by}', 1000 + n, n, 'saved', n FROM {numbers} AS numbers"
        ));
    }
    world.meddle(&format!(
        "INSERT INTO refused_writes (at, account_id, batch, write_seq, entity_kind, entity_id, version, cause, \
         detail, payload) SELECT n, '{by}', 1000 + n, n, 'ship', '{ship}', n, 'stale', 'old', {payload} \
         FROM {numbers} AS numbers WHERE n % 5 = 0"
    ));
}

#[test]
fn a_ship_with_ten_thousand_lines_of_history_is_explained_within_a_second() {
    let mut world = World::new();
    let ship = world.ship("Sea Dogs").id.to_string();
    long_history(&world, &ship);
    // As the command does: nothing of it is in memory here.
    let database = Database::open_to_read(world.db.target()).unwrap();
    for (kind, id) in [
        (Kind::Ship, ship.as_str()),
        (Kind::Guild, ship.as_str()),
        (Kind::Name, "sea dogs"),
        (Kind::Batch, "1005"),
    ] {
        let begun = Instant::now();
        let facts = database
            .read(|conn| gather(conn, kind, id))
            .unwrap()
            .unwrap();
        let story = tell(&facts).to_string();
        let took = begun.elapsed();
        println!("{} took {took:?}", kind.as_str());
        assert!(story.lines().count() > 1, "{story}");
        assert!(took < Duration::from_secs(1), "{took:?}");
        if kind == Kind::Ship {
            assert!(story.contains("The 10 other writes of the batch were all taken"));
            assert!(story.contains("Its 65536 bytes are kept"));
            assert!(
                story.contains("Only the newest 1000 lines are told"),
                "{story}"
            );
        }
    }
}

/// Nobody has the name, and yet it is refused: the story says because of whom.
#[test]
fn of_a_name_that_nobody_has_its_look_alikes_are_told() {
    let mut world = World::new();
    let guild = world.ship("Storm").id.to_string();
    let told = |id: &str| {
        let facts = world.read(|conn| gather(conn, Kind::Name, id));
        tell(&facts.unwrap())
    };
    let story = told("Storrn");
    assert!(story.found, "{story}");
    assert!(
        story
            .to_string()
            .contains("It looks like another name. \"Storm\""),
        "{story}"
    );
    assert!(story.to_string().contains(&guild), "{story}");
    assert!(!told("Landlubbers").found);
    let own = told("STORM");
    assert!(!own.to_string().contains("looks like"), "{own}");
}
