//! A connection that is lost in the middle of a commit: nobody knows what became of it but the watermark.

use std::thread;

use guildhall_store::{EntityKey, Outcome, StoreError};
use guildhall_testkit::{Proxy, Sql, eventually_blocking};

use super::{COMMITTING, PATIENCE, behind_a_proxy};
use crate::world::World;

/// Every commit of a batch stops at a gate, in the middle of its work.
const GATE: &str = "
    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = '60s' AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON batches DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION linger()";

struct Commit {
    world: World,
    proxy: Proxy,
    hero: EntityKey,
    gate: Sql,
}

impl Commit {
    /// One save under way, and the gate closed.
    fn new() -> Self {
        let (mut world, proxy) = behind_a_proxy();
        let hero = world.character("Bob");
        world.meddle(GATE);
        let gate = world.session();
        gate.run("SELECT pg_advisory_lock(7)");
        world.submit(world.save(hero, 1, "two"));
        Self {
            world,
            proxy,
            hero,
            gate,
        }
    }

    fn open_the_gate(&self) {
        self.gate.run("SELECT pg_advisory_unlock_all()");
    }

    /// Commits, and does something to the connection while the commit stands at the gate.
    fn interrupted(&mut self, interrupt: impl FnOnce(&Proxy, &Sql)) -> StoreError {
        let batch = self.world.batch();
        let (world, gate) = (&mut self.world, &self.gate);
        let error = thread::scope(|scope| {
            let flushed = scope.spawn(|| world.flush_batch(&batch));
            eventually_blocking(PATIENCE, "a commit", || gate.number(COMMITTING) == 1);
            interrupt(&self.proxy, gate);
            flushed.join().unwrap().unwrap_err()
        });
        self.world.abort(&batch);
        error
    }

    fn retried(&mut self) {
        assert_eq!(
            self.world.until_committed().1,
            [Outcome::Durable { version: 2 }]
        );
        self.is_written_once();
    }

    fn is_written_once(&self) {
        assert_eq!(self.world.stored(self.hero), (2, b"two".to_vec()));
        let saved = "SELECT count(*) FROM entity_history WHERE cause = 'saved'";
        assert_eq!(self.gate.number(saved), 1);
        // The account, the character, and this one.
        assert_eq!(self.world.count("batches"), 3);
        assert_eq!(self.world.count("refused_writes"), 0);
    }
}

fn lost(error: &StoreError) {
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}

#[test]
fn a_commit_that_went_through_unseen_is_found_by_its_watermark_and_written_once() {
    let mut commit = Commit::new();
    lost(&commit.interrupted(|proxy, _| proxy.cut()));
    commit.open_the_gate();
    let gate = &commit.gate;
    let committed = || gate.number("SELECT count(*) FROM batches") == 3;
    eventually_blocking(PATIENCE, "the end of the commit", committed);
    commit.retried();
}

#[test]
fn a_commit_whose_process_is_killed_is_written_by_the_next_try() {
    let mut commit = Commit::new();
    lost(&commit.interrupted(|_, sql| {
        sql.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE query = 'COMMIT' AND datname = current_database()",
        );
    }));
    assert_eq!(commit.world.count("batches"), 2);
    commit.open_the_gate();
    commit.retried();
}

/// The old process holds the world's lock and is about to commit: it must neither keep us out for ever
/// nor commit after we have written the batch once more.
#[test]
fn a_commit_that_still_stands_when_it_is_tried_again_is_ended_first() {
    let mut commit = Commit::new();
    lost(&commit.interrupted(|proxy, _| proxy.cut()));
    assert_eq!(commit.gate.number(COMMITTING), 1, "it lives on");
    let pid = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE query = 'COMMIT' \
               AND wait_event = 'advisory' AND datname = current_database()";
    let before = commit.gate.number(pid);
    let batch = commit.world.batch();
    let (world, gate) = (&mut commit.world, &commit.gate);
    let outcomes = thread::scope(|scope| {
        let flushed = scope.spawn(|| world.flush_batch(&batch));
        let another = || ![0, before].contains(&gate.number(pid));
        eventually_blocking(PATIENCE, "another commit", another);
        gate.run("SELECT pg_advisory_unlock_all()");
        flushed.join().unwrap().unwrap()
    });
    assert_eq!(outcomes, [Outcome::Durable { version: 2 }]);
    commit.is_written_once();
}
