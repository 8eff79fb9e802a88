//! The lines that every write leaves: one of history, and one more when it was refused.

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::Connection;
use crate::columns::signed;
use crate::schema::{entity_history, refused_writes};
use crate::write_behind::{Author, WriteRefusal};

/// Which write it was, and what became of it in one word.
pub(super) struct Line {
    pub seq: u64,
    pub kind: &'static str,
    pub id: Uuid,
    pub version: u32,
    pub cause: &'static str,
}

pub(super) fn history(
    conn: &mut Connection,
    batch: i64,
    at_us: i64,
    line: &Line,
    by: &Author,
) -> QueryResult<()> {
    diesel::insert_into(entity_history::table)
        .values((
            entity_history::entity_kind.eq(line.kind),
            entity_history::entity_id.eq(line.id.to_string()),
            entity_history::version.eq(i64::from(line.version)),
            entity_history::account_id.eq(by.account.to_string()),
            entity_history::session_id.eq(by.session.map(|id| id.to_string())),
            entity_history::batch.eq(batch),
            entity_history::write_seq.eq(signed(line.seq)),
            entity_history::cause.eq(line.cause),
            entity_history::at.eq(at_us),
        ))
        .execute(conn)
        .map(drop)
}

pub(super) fn refused(
    conn: &mut Connection,
    batch: i64,
    at_us: i64,
    line: &Line,
    by: &Author,
    refusal: &WriteRefusal,
    payload: &[u8],
) -> QueryResult<()> {
    let present = refusal.present.as_ref();
    diesel::insert_into(refused_writes::table)
        .values((
            refused_writes::at.eq(at_us),
            refused_writes::account_id.eq(by.account.to_string()),
            refused_writes::session_id.eq(by.session.map(|id| id.to_string())),
            refused_writes::batch.eq(batch),
            refused_writes::write_seq.eq(signed(line.seq)),
            refused_writes::entity_kind.eq(line.kind),
            refused_writes::entity_id.eq(line.id.to_string()),
            refused_writes::version.eq(i64::from(line.version)),
            refused_writes::cause.eq(refusal.cause.as_str()),
            refused_writes::constraint_name.eq(&refusal.constraint),
            refused_writes::detail.eq(&refusal.detail),
            refused_writes::present_version.eq(present.map(|row| i64::from(row.version))),
            refused_writes::kept_as.eq(refusal.kept_as.map(i64::from)),
            refused_writes::payload.eq(payload),
        ))
        .execute(conn)
        .map(drop)
}
