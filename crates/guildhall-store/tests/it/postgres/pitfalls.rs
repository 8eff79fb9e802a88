//! What PostgreSQL and its client do that is easily taken for something else. Each control shows the
//! pitfall itself, each test that it is not ours.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use guildhall_store::{Outcome, queries};
use guildhall_testkit::Backend;

use crate::world::World;

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Text)]
    text: String,
}

fn text(conn: &mut PgConnection, sql: &str) -> String {
    let Told { text } = sql_query(sql).get_result(conn).unwrap();
    text
}

#[test]
fn control_a_transaction_that_swallowed_an_error_reports_success_and_keeps_nothing() {
    let world = World::on(Backend::Postgres);
    let mut conn = PgConnection::establish(&world.url()).unwrap();
    let reported = conn.transaction(|conn| {
        conn.batch_execute("UPDATE realms SET name = 'another'")?;
        let _swallowed = conn.batch_execute("SELECT 1 / 0");
        diesel::QueryResult::Ok(())
    });
    println!("the client reports {reported:?}");
    assert_eq!(text(&mut conn, "SELECT name AS text FROM realms"), "main");
}

/// Reads are run in a transaction that is rolled back whatever happens in it: nothing of it can be
/// reported as written, and the connection is good for the next.
#[test]
fn a_read_that_swallows_an_error_leaves_a_good_connection() {
    let mut world = World::on(Backend::Postgres);
    let hero = world.character("Bob");
    for _ in 0..10 {
        world.read(|conn| {
            let _swallowed = conn.batch_execute("SELECT 1 / 0");
            Ok(())
        });
        let row = world.read(|conn| queries::character(conn, hero.id));
        assert_eq!(row.unwrap().version, 1);
    }
}

#[test]
fn control_an_update_from_arrays_with_one_id_twice_keeps_only_one_of_the_values() {
    let mut world = World::on(Backend::Postgres);
    let hero = world.character("Bob");
    let mut conn = PgConnection::establish(&world.url()).unwrap();
    let rows = sql_query(format!(
        "UPDATE characters AS t SET version = u.version FROM unnest(ARRAY['{id}', '{id}'], \
         ARRAY[1, 1], ARRAY[2, 3]) AS u (id, base, version) WHERE t.id = u.id AND t.version = u.base",
        id = hero.id
    ))
    .execute(&mut conn);
    assert_eq!(rows, Ok(1), "two were given");
}

#[test]
fn two_saves_of_one_entity_in_one_batch_are_both_answered_by_what_is_stored() {
    let mut world = World::on(Backend::Postgres);
    let hero = world.character("Bob");
    world.submit(world.save(hero, 1, "two"));
    let batch = world.batch();
    world.submit(world.save(hero, 2, "three"));
    let twice = guildhall_store::Batch {
        units: batch
            .units
            .iter()
            .chain(batch.units.iter())
            .cloned()
            .collect(),
        ..batch.clone()
    };
    let report = world.write(&twice).unwrap();
    let durable = Outcome::Durable { version: 2 };
    assert!(
        report
            .outcomes
            .iter()
            .all(|(_, outcome)| *outcome == durable)
    );
    assert_eq!(world.stored(hero), (2, b"two".to_vec()));
}

/// A commit is on the disk before it is reported, whatever the server's own default.
#[test]
fn the_servers_own_defaults_do_not_weaken_a_commit() {
    let world = World::on(Backend::Postgres);
    let database = text(
        &mut PgConnection::establish(&world.url()).unwrap(),
        "SELECT current_database() AS text",
    );
    world.meddle(&format!(
        "ALTER DATABASE {database} SET synchronous_commit = off;
         ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'"
    ));
    let db = crate::world::open(&world.url()).unwrap();
    let of_ours = |setting: &str| {
        let sql = format!("SELECT current_setting('{setting}') AS text");
        db.read(|conn| {
            let Told { text } = sql_query(sql).get_result(conn)?;
            Ok(text)
        })
        .unwrap()
    };
    assert_eq!(of_ours("synchronous_commit"), "on");
    assert_eq!(of_ours("default_transaction_isolation"), "read committed");
}
