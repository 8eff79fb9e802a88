//! What is left over PostgreSQL when only the rows are written: an update and an insert over arrays, kept
//! prepared, and a watermark, in one transaction. With a bad row among them nothing of the batch is written.

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Text};
use guildhall_store::now_us;
use uuid::Uuid;

use super::engine::{BATCH, Cast, state};

pub struct BarePostgres {
    conn: PgConnection,
    characters: Vec<String>,
    account: String,
    session: String,
    versions: Vec<i64>,
    turn: u32,
    batch: i64,
}

impl BarePostgres {
    pub fn open(cast: &Cast, url: &str) -> Self {
        let mut conn = PgConnection::establish(url).unwrap();
        // As the engine's connections have it.
        conn.batch_execute("SET jit = off").unwrap();
        Self {
            conn,
            characters: cast.characters.iter().map(Uuid::to_string).collect(),
            account: cast.by.account.to_string(),
            session: cast.by.session.unwrap().to_string(),
            versions: vec![1; cast.characters.len()],
            turn: 1,
            batch: 1_000,
        }
    }

    /// Whether the batch was written: not with a bad row.
    pub fn batch(&mut self, bad: impl Fn(usize) -> bool) -> bool {
        self.turn += 1;
        self.batch += 1;
        self.conn.batch_execute("BEGIN").unwrap();
        match self.write(bad) {
            Ok(()) => {
                self.conn.batch_execute("COMMIT").unwrap();
                self.versions.iter_mut().for_each(|version| *version += 1);
                true
            }
            Err(_) => {
                self.conn.batch_execute("ROLLBACK").unwrap();
                false
            }
        }
    }

    fn write(&mut self, bad: impl Fn(usize) -> bool) -> QueryResult<()> {
        let state = state(self.turn);
        let rows = Rows {
            at: now_us(),
            batch: self.batch,
            ids: self.characters.iter().map(String::as_str).collect(),
            bases: self.versions.clone(),
            versions: self.versions.iter().map(|version| version + 1).collect(),
            schema_versions: (0..BATCH).map(|at| i32::from(!bad(at))).collect(),
            states: vec![&state; BATCH],
            kinds: vec!["character"; BATCH],
            causes: vec!["saved"; BATCH],
            accounts: vec![&self.account; BATCH],
            sessions: vec![&self.session; BATCH],
            seqs: (0..BATCH as i64).collect(),
        };
        let written = Update(&rows).execute(&mut self.conn)?;
        assert_eq!(written, BATCH);
        History(&rows).execute(&mut self.conn)?;
        Watermark(&rows).execute(&mut self.conn)?;
        Ok(())
    }
}

struct Rows<'a> {
    at: i64,
    batch: i64,
    ids: Vec<&'a str>,
    bases: Vec<i64>,
    versions: Vec<i64>,
    schema_versions: Vec<i32>,
    states: Vec<&'a [u8]>,
    kinds: Vec<&'a str>,
    causes: Vec<&'a str>,
    accounts: Vec<&'a str>,
    sessions: Vec<&'a str>,
    seqs: Vec<i64>,
}

struct Update<'a>(&'a Rows<'a>);
struct History<'a>(&'a Rows<'a>);
struct Watermark<'a>(&'a Rows<'a>);

/// Kept prepared by their texts.
macro_rules! kept {
    ($($name:ident),*) => {$(
        impl QueryId for $name<'_> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
        impl RunQueryDsl<PgConnection> for $name<'_> {}
    )*};
}
kept!(Update, History, Watermark);

impl QueryFragment<Pg> for Update<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE characters AS t SET version = u.version, schema_version = u.schema_version, \
             state = u.state, updated_at = ",
        );
        out.push_bind_param::<BigInt, i64>(&self.0.at)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.0.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.0.bases)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.0.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, Vec<i32>>(&self.0.schema_versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, Vec<&[u8]>>(&self.0.states)?;
        out.push_sql(
            ") AS u (id, base, version, schema_version, state) \
             WHERE t.id = u.id AND t.version = u.base",
        );
        Ok(())
    }
}

impl QueryFragment<Pg> for History<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO entity_history (entity_kind, entity_id, version, account_id, session_id, \
             write_seq, cause, schema_version, state, batch, at) SELECT u.*, ",
        );
        out.push_bind_param::<BigInt, i64>(&self.0.batch)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, i64>(&self.0.at)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.0.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.0.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.0.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.0.accounts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.0.sessions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.0.seqs)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.0.causes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, Vec<i32>>(&self.0.schema_versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, Vec<&[u8]>>(&self.0.states)?;
        out.push_sql(") AS u");
        Ok(())
    }
}

impl QueryFragment<Pg> for Watermark<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO batches (seq, id, at, rows, refused) SELECT b, b::text, ");
        out.push_bind_param::<BigInt, i64>(&self.0.at)?;
        out.push_sql(", 256, 0 FROM (SELECT ");
        out.push_bind_param::<BigInt, i64>(&self.0.batch)?;
        out.push_sql(" AS b) AS new");
        Ok(())
    }
}
