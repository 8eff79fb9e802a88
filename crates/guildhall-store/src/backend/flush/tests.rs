//! What the writer does on its connection to PostgreSQL, seen from inside.

use std::time::Duration;

use bytes::Bytes;
use diesel::connection::SimpleConnection;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl};
use guildhall_testkit::postgres;
use uuid::Uuid;

use super::{BatchWriter, Connection, Written};
use crate::backend::{blame, watermark};
use crate::changes::{Change, CreateAccount, CreateCharacter, NameRow};
use crate::journal::Flight;
use crate::schema::flights;
use crate::world::World;
use crate::write_behind::{
    Author, Batch, Buffer, BufferLimits, EntityKey, EntityKind, Outcome, Save, Write,
};
use crate::{DEFAULT_REALM, Database, OpenOptions, Target};

struct Bench {
    writer: BatchWriter,
    buffer: Buffer<()>,
    by: Author,
    clock: Duration,
    _place: postgres::Database,
}

impl Bench {
    fn new() -> Self {
        let place = postgres::create_database();
        let target = Target::parse(&place.url()).unwrap();
        let db = Database::open(target.clone(), &OpenOptions::default()).unwrap();
        db.migrate().unwrap();
        let world = World::new(target);
        let conn = world.write_connection().unwrap();
        let account = Uuid::now_v7();
        let mut bench = Self {
            writer: BatchWriter::new(world, conn),
            buffer: Buffer::new(BufferLimits::default()),
            by: Author {
                account,
                session: None,
            },
            clock: Duration::ZERO,
            _place: place,
        };
        bench.change(Change::CreateAccount(CreateAccount {
            id: account,
            realm: DEFAULT_REALM,
            login_key: "smith".into(),
            login: "Smith".into(),
            password_hash: "$hash".into(),
        }));
        bench
    }

    fn conn(&mut self) -> &mut Connection {
        self.writer.conn.as_mut().unwrap()
    }

    fn change(&mut self, change: Change) {
        self.submit(Write::Change(change, self.by));
        assert!(self.flush().iter().all(Outcome::is_durable));
    }

    fn submit(&mut self, write: impl Into<Write>) {
        self.buffer.submit(write.into(), (), self.clock).unwrap();
    }

    fn flush(&mut self) -> Vec<Outcome> {
        self.clock += Duration::from_secs(10);
        let batch = self.buffer.take_batch(self.clock).unwrap();
        let report = self.writer.flush(&batch).unwrap();
        let answers = self.buffer.finish(report).into_iter();
        answers.map(|(_, outcome)| outcome).collect()
    }

    fn character(&mut self, name: &str) -> EntityKey {
        let (create, key) = self.creation(name);
        self.change(create);
        key
    }

    fn creation(&self, name: &str) -> (Change, EntityKey) {
        let id = Uuid::now_v7();
        let create = Change::CreateCharacter(CreateCharacter {
            of_account_max: None,
            id,
            realm: DEFAULT_REALM,
            account: self.by.account,
            name: NameRow {
                realm: DEFAULT_REALM,
                key: name.to_lowercase(),
                display: name.into(),
                skeleton: name.to_lowercase(),
                key_version: 1,
            },
            schema_version: 1,
            state: Bytes::from_static(b"born"),
        });
        let kind = EntityKind::Character;
        (create, EntityKey { kind, id })
    }

    fn save(&mut self, key: EntityKey, base_version: u32) {
        let by = self.by;
        self.submit(Save {
            key,
            base_version,
            schema_version: 1,
            state: Bytes::from_static(b"saved"),
            fence: None,
            by,
        });
    }
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    statement: String,
    #[diesel(sql_type = BigInt)]
    plans: i64,
}

fn kept(conn: &mut Connection) -> Vec<Kept> {
    let sql = "SELECT statement, generic_plans + custom_plans AS plans FROM pg_prepared_statements \
               ORDER BY statement";
    sql_query(sql).load(conn).unwrap()
}

#[test]
fn the_statements_of_a_batch_are_prepared_once_however_many_rows_it_has() {
    let mut bench = Bench::new();
    let heroes: Vec<_> = (0..9).map(|n| bench.character(&format!("H{n}"))).collect();
    let (mut counts, mut versions) = (Vec::new(), [1; 8]);
    for batch in 1..=8 {
        for (hero, version) in heroes.iter().zip(&mut versions).take(batch) {
            bench.save(*hero, *version);
            *version += 1;
        }
        // And one that misses.
        bench.save(heroes[8], 77);
        let outcomes = bench.flush();
        assert_eq!(outcomes.iter().filter(|it| it.is_durable()).count(), batch);
        counts.push(kept(bench.conn()).len());
    }
    assert_eq!(counts[1..], [counts[1]; 7], "more with every batch");
    let kept = kept(bench.conn());
    let texts: Vec<_> = kept
        .iter()
        .map(|it| (it.statement.as_str(), it.plans))
        .collect();
    for text in [
        "UPDATE characters AS t",
        "INSERT INTO entity_history",
        "INSERT INTO \"batches\"",
    ] {
        let found = texts.iter().find(|(kept, _)| kept.starts_with(text));
        assert!(
            found.is_some_and(|(_, plans)| *plans >= 7),
            "{text}: {texts:?}"
        );
    }
}

/// The last statement of a batch must report one row: a transaction that an earlier error has ended
/// answers COMMIT with success.
#[test]
fn an_error_that_was_swallowed_cannot_end_in_a_report_of_success() {
    let mut bench = Bench::new();
    let rename = "UPDATE realms SET name = 'another'";
    let conn = bench.conn();
    conn.batch_execute("BEGIN").unwrap();
    conn.batch_execute(rename).unwrap();
    let _swallowed = conn.batch_execute("SELECT 1 / 0");
    assert_eq!(
        conn.batch_execute("COMMIT"),
        Ok(()),
        "the control: it says so"
    );
    let named: i64 = named_another(conn);
    assert_eq!(named, 0, "and nothing is there");
    conn.batch_execute("BEGIN").unwrap();
    conn.batch_execute(rename).unwrap();
    let _swallowed = conn.batch_execute("SELECT 1 / 0");
    let written = Written {
        outcomes: Vec::new(),
        rows: 0,
        pace: super::Pace::Full,
    };
    assert!(watermark::set(conn, Uuid::now_v7(), 999, 0, &written).is_err());
}

fn named_another(conn: &mut Connection) -> i64 {
    let sql = "SELECT '' AS statement, count(*) AS plans FROM realms WHERE name = 'another'";
    let Kept { plans, .. } = sql_query(sql).get_result(conn).unwrap();
    plans
}

/// A table that is small when a plan is made, and grows, must not be read whole ever after.
#[test]
fn an_update_looks_its_rows_up_by_their_key_also_where_the_table_is_empty() {
    let mut bench = Bench::new();
    let plan = explain(bench.conn());
    assert!(plan.contains("Index Scan using characters_pkey"), "{plan}");
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The plan of an update over arrays as the writer's own connection makes it.
fn explain(conn: &mut Connection) -> String {
    conn.batch_execute(
        "PREPARE explained (text[], bigint[]) AS UPDATE characters AS t SET version = u.version \
         FROM unnest($1, $2) AS u (id, version) WHERE t.id = u.id",
    )
    .unwrap();
    let lines: Vec<Line> = sql_query("EXPLAIN EXECUTE explained (ARRAY['a'], ARRAY[1])")
        .load(conn)
        .unwrap();
    let lines: Vec<_> = lines.into_iter().map(|it| it.line).collect();
    lines.join("\n")
}

/// The connection was lost after the first half. Given again as a whole, the creation would find its own name
/// taken.
#[test]
fn a_batch_of_which_a_part_was_committed_goes_in_the_same_parts_again() {
    let mut bench = Bench::new();
    let hero = bench.character("Bob");
    let (create, _) = bench.creation("Eve");
    let by = bench.by;
    bench.submit(Write::Change(create, by));
    bench.save(hero, 1);
    bench.clock += Duration::from_secs(10);
    let taken = bench.buffer.take_batch(bench.clock).unwrap();
    let batch = Batch {
        attempts: 3,
        ..taken
    };
    let [first, _] = blame::halves(&batch);
    assert_eq!(first.units.len(), 1);
    assert_eq!(bench.writer.flush(&first).unwrap().rows, 1);
    let report = bench.writer.flush(&batch).unwrap();
    assert_eq!(report.outcomes.len(), 2);
    assert!(report.outcomes.iter().all(|(_, it)| it.is_durable()));
}

/// What stands in the database is what was committed: the first half alone, as a crash between the two leaves it.
#[test]
fn each_half_of_a_batch_notes_what_it_carries_itself() {
    let mut bench = Bench::new();
    let heroes = ["Bob", "Eve"].map(|name| bench.character(name));
    heroes.iter().for_each(|hero| bench.save(*hero, 1));
    bench.clock += Duration::from_secs(10);
    let journal = Uuid::now_v7();
    let batch = Batch {
        noted_for: Some(journal),
        ..bench.buffer.take_batch(bench.clock).unwrap()
    };
    let mut noted = Vec::new();
    for half in blame::halves(&batch) {
        let seqs: Vec<u64> = half.seqs().collect();
        bench.writer.flush(&half).unwrap();
        noted.push(Flight::of_all(half.id, seqs).runs_as_bytes());
        let found = flights::table
            .filter(flights::journal_id.eq(journal.to_string()))
            .select(flights::runs);
        let mut found: Vec<Vec<u8>> = found.load(bench.conn()).unwrap();
        found.sort();
        noted.sort();
        assert_eq!(found, noted);
    }
    assert_eq!(noted.len(), 2);
    assert_ne!(noted[0], noted[1]);
}
