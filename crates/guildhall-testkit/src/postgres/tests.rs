//! A throw-away server.

use super::processes::has_ended;
use super::*;

fn answers(server: &Postgres) -> bool {
    try_psql(&server.url(), "SELECT 1").is_ok()
}

#[test]
fn a_server_answers_and_its_settings_are_those_that_were_asked_for() {
    let server = Postgres::start(DURABLE);
    assert_eq!(server.psql("SELECT 6 * 7, 'words'"), "42|words");
    assert_eq!(server.psql("SHOW fsync"), "on");
    let quick = Postgres::start(QUICK);
    assert_eq!(quick.psql("SHOW fsync"), "off");
}

#[test]
fn each_database_is_empty_and_its_own_and_dropped_with_its_handle() {
    let (one, other) = (create_database(), create_database());
    one.psql("CREATE TABLE only_here (a int)");
    let refused = try_psql(&other.url(), "SELECT * FROM only_here");
    assert!(refused.unwrap_err().contains("does not exist"));
    let url = one.url();
    drop(one);
    assert!(try_psql(&url, "SELECT 1").is_err());
}

#[test]
fn a_copy_of_a_database_holds_what_the_first_held_then() {
    let template = create_database();
    template.psql("CREATE TABLE t AS SELECT 5 AS five");
    let copy = template.copy();
    template.psql("DELETE FROM t");
    assert_eq!(copy.psql("SELECT five FROM t"), "5");
}

#[test]
fn what_is_committed_survives_every_way_to_end_a_server() {
    let server = Postgres::start(DURABLE);
    server.psql("CREATE TABLE t (what text)");
    let ends: [(&str, &dyn Fn()); 3] = [
        ("fast", &|| server.stop(Stop::Fast)),
        ("immediate", &|| server.stop(Stop::Immediate)),
        ("killed", &|| server.kill9()),
    ];
    for (what, end) in ends {
        server.psql(&format!("INSERT INTO t VALUES ('{what}')"));
        end();
        assert!(!answers(&server), "{what}");
        server.resume();
        assert_eq!(
            server.psql("SELECT what FROM t ORDER BY ctid DESC LIMIT 1"),
            what
        );
    }
    assert_eq!(server.psql("SELECT count(*) FROM t"), "3");
}

#[test]
fn a_killed_connection_makes_the_server_recover_by_itself() {
    let server = Postgres::start(QUICK);
    let url = server.url();
    let victim = std::thread::spawn(move || {
        try_psql(&url, "SET application_name = 'victim'; SELECT pg_sleep(60)")
    });
    let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND query LIKE '%sleep%'";
    let pid = eventually_blocking(PATIENCE, "the victim", || server.psql(sql).parse().ok());
    server.kill9_backend(pid);
    assert!(victim.join().unwrap().is_err());
    eventually_blocking(PATIENCE, "the recovery", || answers(&server));
    assert!(
        server.log().contains("was terminated by signal 9"),
        "{}",
        server.log()
    );
}

#[test]
fn a_frozen_server_says_nothing_until_it_is_thawed() {
    let server = Postgres::start(QUICK);
    server.freeze();
    let ((tell, told), url) = (std::sync::mpsc::channel(), server.url());
    let asked = std::thread::spawn(move || tell.send(try_psql(&url, "SELECT 1")));
    assert!(
        told.recv_timeout(Duration::from_millis(300)).is_err(),
        "it answers"
    );
    server.thaw();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().unwrap(), "1");
    asked.join().unwrap().unwrap();
}

#[test]
fn a_frozen_server_ends_with_its_owner_too() {
    let server = Postgres::start(QUICK);
    let (pid, folder) = (server.pid(), server.folder.clone());
    server.freeze();
    drop(server);
    assert!(has_ended(pid));
    assert!(!folder.exists());
}
