//! The same words to both databases.

use super::*;
use crate::postgres::create_database;

/// Has `act` done on each of them.
fn on_both(act: impl Fn(&Sql, &str)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.sqlite3");
    let file = format!("{SQLITE}{}", path.display());
    act(&Sql::open(&file), &file);
    let database = create_database();
    act(&Sql::open(&database.url()), &database.url());
}

#[test]
fn every_kind_of_value_reads_the_same() {
    on_both(|sql, _| {
        sql.run("CREATE TABLE t (a BIGINT, b TEXT, c BOOLEAN)");
        sql.run("INSERT INTO t VALUES (-7, 'it''s | two\nlines', TRUE); INSERT INTO t VALUES (8, '', FALSE)");
        let rows = sql.rows("SELECT a, b, c, NULL FROM t ORDER BY a");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0][0].number(), -7);
        assert_eq!(rows[0][1].as_str(), "it's | two\nlines");
        assert_eq!((rows[0][2].truth(), rows[1][2].truth()), (true, false));
        assert_eq!(rows[1][1].as_option(), Some(""));
        assert!(rows[1][3].is_null());
        assert!(sql.rows("SELECT a FROM t WHERE a > 99").is_empty());
        assert_eq!(
            sql.rows("SELECT '' FROM t WHERE a = 8"),
            [[Cell::text(String::new())]]
        );
        assert_eq!(sql.number("SELECT count(*) FROM t"), 2);
        assert_eq!(
            sql.rows(&format!("SELECT {}", quoted("it's")))[0][0].as_str(),
            "it's"
        );
    });
}

#[test]
fn bytes_read_the_same() {
    let bytes = |sql: &Sql, literal: &str| sql.rows(&format!("SELECT {literal}"))[0][0].bytes();
    let file = Sql::open_file(Path::new(":memory:"));
    assert_eq!(bytes(&file, "x'00ff7b7d'"), [0, 255, b'{', b'}']);
    let database = create_database();
    let postgres = Sql::open(&database.url());
    assert_eq!(
        bytes(&postgres, r"'\x00ff7b7d'::bytea"),
        [0, 255, b'{', b'}']
    );
}

#[test]
fn a_lock_is_held_until_its_transaction_ends() {
    on_both(|sql, url| {
        sql.run("CREATE TABLE t (a BIGINT)");
        let other = Sql::open(url);
        other.begin_and_lock("t");
        other.run("INSERT INTO t VALUES (1)");
        assert_eq!(sql.number("SELECT count(*) FROM t"), 0);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| Sql::open(url).run("INSERT INTO t VALUES (2)"));
            other.run("COMMIT");
            waits.join().unwrap();
        });
        assert_eq!(sql.number("SELECT count(*) FROM t"), 2);
    });
}

#[test]
#[should_panic(expected = "nothing_here")]
fn what_postgresql_refuses_fails_with_its_words() {
    Sql::open(&create_database().url()).run("SELECT * FROM nothing_here");
}

#[test]
fn a_trigger_refuses_what_its_condition_names_until_it_is_dropped() {
    on_both(|sql, url| {
        sql.run("CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT)");
        sql.run("INSERT INTO t VALUES (1, ''), (2, '')");
        let raise = Then::Raise("ABORT");
        sql.trigger("poison", "BEFORE UPDATE ON t", "NEW.b = 'bad'", raise);
        let update = |b: &str| Sql::open(url).run(&format!("UPDATE t SET b = '{b}' WHERE a = 1"));
        update("good");
        assert!(std::panic::catch_unwind(|| update("bad")).is_err());
        sql.drop_trigger("poison");
        update("bad");
        sql.trigger("deaf", "BEFORE UPDATE ON t", "", Then::Ignore);
        update("other");
        assert_eq!(
            sql.rows("SELECT b FROM t WHERE a = 1")[0][0].as_str(),
            "bad"
        );
        let copy = "INSERT INTO t VALUES (NEW.a + 10, 'copy')";
        sql.trigger("copies", "AFTER INSERT ON t", "NEW.a < 10", Then::Do(copy));
        sql.run("INSERT INTO t VALUES (5, '')");
        assert_eq!(sql.number("SELECT count(*) FROM t WHERE b = 'copy'"), 1);
    });
}
