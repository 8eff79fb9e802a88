//! The lines that every write leaves: one of history, and one more when it was refused.

use bytes::Bytes;
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, postgres, sqlite};
use crate::columns::{StoredId, signed};
use crate::schema::refused_writes;
use crate::write_behind::{Author, WriteRefusal};

/// Which write it was, and what became of it in one word. Ids as the text that is stored.
pub(super) struct Line {
    pub seq: u64,
    pub kind: &'static str,
    pub id: StoredId,
    pub cause: &'static str,
    pub is_refusal: bool,
    pub write_seq: i64,
    pub version: i64,
    pub account: StoredId,
    pub session: Option<StoredId>,
    /// The document that the write made, which a restore puts back.
    pub made: Option<Made>,
}

/// A document as it was written.
pub(super) struct Made {
    pub schema_version: i32,
    pub state: Bytes,
}

impl Line {
    /// The line of a write that was taken; [`Line::of_refusal`] makes it one of a refused write.
    pub fn new(
        seq: u64,
        (kind, id): (&'static str, Uuid),
        version: u32,
        cause: &'static str,
        by: &Author,
    ) -> Self {
        Self {
            seq,
            kind,
            id: id.into(),
            cause,
            is_refusal: false,
            write_seq: signed(seq),
            version: version.into(),
            account: by.account.into(),
            session: by.session.map(StoredId::from),
            made: None,
        }
    }

    /// The same line with the document that the write made.
    pub fn making(self, schema_version: u16, state: Bytes) -> Self {
        let schema_version = schema_version.into();
        Self {
            made: Some(Made {
                schema_version,
                state,
            }),
            ..self
        }
    }

    pub fn of_refusal(self) -> Self {
        Self {
            is_refusal: true,
            ..self
        }
    }
}

/// Writes as many lines as one statement takes, at most `lines_max`, and returns the others.
pub(super) fn history<'a>(
    conn: &mut Connection,
    batch: i64,
    at_us: i64,
    lines: &'a [Line],
    lines_max: usize,
) -> QueryResult<&'a [Line]> {
    match conn {
        Connection::Sqlite(conn) => sqlite::history(conn, batch, at_us, lines, lines_max),
        Connection::Postgres(conn) => postgres::history(conn, batch, at_us, lines, lines_max),
    }
}

/// Keeps what was refused, with its payload.
pub(super) fn refused(
    conn: &mut Connection,
    batch: i64,
    at_us: i64,
    line: &Line,
    refusal: &WriteRefusal,
    payload: &[u8],
) -> QueryResult<()> {
    let present = refusal.present.as_ref();
    diesel::insert_into(refused_writes::table)
        .values((
            refused_writes::at.eq(at_us),
            refused_writes::account_id.eq(line.account.as_str()),
            refused_writes::session_id.eq(line.session.as_ref().map(StoredId::as_str)),
            refused_writes::batch.eq(batch),
            refused_writes::write_seq.eq(line.write_seq),
            refused_writes::entity_kind.eq(line.kind),
            refused_writes::entity_id.eq(line.id.as_str()),
            refused_writes::version.eq(line.version),
            refused_writes::cause.eq(refusal.cause.as_str()),
            refused_writes::constraint_name.eq(refusal.constraint.as_deref().map(without_nul)),
            refused_writes::detail.eq(without_nul(&refusal.detail)),
            refused_writes::present_version.eq(present.map(|row| i64::from(row.version))),
            refused_writes::kept_as.eq(refusal.kept_as.map(i64::from)),
            refused_writes::payload.eq(payload),
        ))
        .execute(conn)
        .map(drop)
}

/// PostgreSQL keeps no NUL in a text, and a record must never be what fails.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
