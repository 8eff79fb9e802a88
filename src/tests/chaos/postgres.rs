//! The positive control of a database that lies.

use guildhall_testkit::{Backend, Then};

use crate::voyage::Voyage;
use crate::{FAULTY_KILLS_MAX, real, seed};

/// What a commit leaves in memory is not written out by itself before a kill.
const CARELESS: &[&str] = &["fsync=on", "wal_writer_delay=10s"];

/// Its commits are on no disk when they are reported, and the same checker finds what an outage takes back.
#[tokio::test]
async fn with_commits_that_are_on_no_disk_the_checker_finds_loss() {
    let mut voyage = Voyage::begin(real, Backend::Postgres, CARELESS, seed()).await;
    let early = Then::Do("PERFORM set_config('synchronous_commit', 'off', TRUE)");
    let sql = voyage.world().sql();
    sql.trigger("careless", "BEFORE INSERT ON batches", "", early);
    drop(sql);
    for _ in 0..FAULTY_KILLS_MAX {
        if !voyage.kill().await.lost.is_empty() {
            return voyage.report("chaos, commits on no disk");
        }
    }
    panic!("{FAULTY_KILLS_MAX} kills with a database that lies, and no loss was found");
}
