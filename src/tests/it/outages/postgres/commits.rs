//! A commit that is broken in its middle, and locks that cross.

use super::*;

/// Has every commit of a batch take so long that something can happen in it.
const SLOW_COMMIT: &str = "
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON batches DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slow();";

/// The process of the database that does this, once there is one.
async fn process_of_writer(sql: &Sql, does: &str) -> u32 {
    let query = format!(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'guildhall%' AND {does} LIMIT 1"
    );
    eventually(PATIENCE, does, async || {
        sql.rows(&query).first().map(|row| row[0].parse())
    })
    .await
}

#[tokio::test]
async fn a_connection_that_is_killed_in_the_middle_of_a_commit_costs_no_save() {
    let (postgres, world) = world();
    let scene = scene(&world).await;
    postgres.psql("SELECT 1");
    world.sql().run(SLOW_COMMIT);
    for base in 1..4 {
        let state = json!({"n": base});
        let save = scene.player.client.save_character_until(
            scene.hero,
            base,
            state.clone(),
            Receipt::Durable,
        );
        let kill = async {
            let sql = world.sql();
            let commits = "query ILIKE 'COMMIT%' AND state = 'active'";
            let pid = process_of_writer(&sql, commits).await;
            drop(sql);
            beside(&postgres, move |it| it.kill9_backend(pid)).await;
        };
        let (saved, ()) = join(save, kill).await;
        let saved = saved.unwrap();
        assert_eq!(saved.version, base + 1);
        scene.is_caught_up().await;
        let shown = scene.player.client.character(scene.hero).await.unwrap();
        assert_eq!((shown.version, shown.state), (base + 1, state));
    }
    let lines =
        "SELECT version, cause FROM entity_history WHERE entity_kind = 'character' ORDER BY id";
    let lines: Vec<_> = world
        .sql()
        .rows(lines)
        .iter()
        .map(|row| row[0].number())
        .collect();
    assert_eq!(lines, [1, 2, 3, 4], "each version once");
    let refused = "SELECT version, cause, detail FROM refused_writes";
    assert_eq!(world.sql().rows(refused), [[]; 0]);
}

#[tokio::test]
async fn a_batch_that_loses_a_deadlock_is_written_all_the_same() {
    let (postgres, world) = world();
    let scene = scene(&world).await;
    let client = &scene.player.client;
    let other = client.create_character("Other", json!({})).await;
    let mut heroes = [scene.hero, other.unwrap().0.character];
    heroes.sort();
    let [first, last] =
        heroes.map(|hero| format!("SELECT FROM characters WHERE id = '{hero}' FOR UPDATE"));
    let elsewhere = world.sql();
    // The other side never finds the deadlock, so the batch does.
    elsewhere.run("SET deadlock_timeout = '60s'; BEGIN");
    elsewhere.run(&last);
    let saves =
        heroes.map(|hero| client.save_character_until(hero, 1, json!({"n": 1}), Receipt::Durable));
    let [one, two] = saves;
    let cross = async {
        process_of_writer(&world.sql(), "wait_event_type = 'Lock'").await;
        let crossing = tokio::task::spawn_blocking(move || {
            elsewhere.run(&first);
            elsewhere.run("ROLLBACK");
        });
        crossing.await.unwrap();
    };
    let ((one, two), ()) = join(join(one, two), cross).await;
    assert_eq!((one.unwrap().version, two.unwrap().version), (2, 2));
    scene.is_caught_up().await;
    let log = postgres.log();
    assert!(log.contains("deadlock detected"), "{log}");
    assert_eq!(world.sql().number("SELECT count(*) FROM refused_writes"), 0);
}
