//! What the history and the refused writes keep: states that can be put back, and payloads that tell what
//! was to be done.

use diesel::prelude::*;
use uuid::Uuid;

use super::{Check, IsDocument, ROWS_AT_ONCE};
use crate::STATE_BYTES_MAX;
use crate::backend::Connection;
use crate::error::StoreError;
use crate::schema::{entity_history, refused_writes};
use crate::write_behind::Cause;

/// Kind, id and version.
type Subject = (String, String, i64);

/// Reads every state; `is_document` says whether the server could read it.
pub(super) fn history(
    conn: &mut Connection,
    check: &mut Check,
    is_document: IsDocument<'_>,
) -> Result<(), StoreError> {
    type Row = (i64, Subject, Option<i32>, Option<Vec<u8>>);
    let mut after = i64::MIN;
    loop {
        let rows: Vec<Row> = entity_history::table
            .filter(entity_history::id.gt(after))
            .filter(entity_history::state.is_not_null())
            .order(entity_history::id)
            .limit(ROWS_AT_ONCE)
            .select((
                entity_history::id,
                (
                    entity_history::entity_kind,
                    entity_history::entity_id,
                    entity_history::version,
                ),
                entity_history::schema_version,
                entity_history::state,
            ))
            .load(conn)?;
        let Some((last, ..)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        for (id, subject, schema_version, state) in rows {
            check.looked_at = check.looked_at.saturating_add(1);
            let state = state.unwrap_or_default();
            let wrong = match schema_version {
                Some(1..) => unreadable(&subject, &state, is_document),
                _ => Some("its state has no version of a schema"),
            };
            if let Some(wrong) = wrong {
                check.fault(told("Line", id, "of the history", &subject, wrong));
            }
        }
    }
}

/// Why a state cannot be put back.
fn unreadable(
    subject: &Subject,
    state: &[u8],
    is_document: IsDocument<'_>,
) -> Option<&'static str> {
    match () {
        () if Uuid::try_parse(&subject.1).is_err() => Some("its id is none"),
        () if state.len() > STATE_BYTES_MAX => Some("its state is too long to be put back"),
        () if !is_document(state) => Some("its state is no document"),
        () => None,
    }
}

/// Reads every payload: a save keeps its state, which may be as bad as what it was refused for, a change
/// itself as JSON.
pub(super) fn refused(
    conn: &mut Connection,
    check: &mut Check,
    is_document: IsDocument<'_>,
) -> Result<(), StoreError> {
    type Row = (i64, Subject, String, Vec<u8>);
    let mut after = i64::MIN;
    loop {
        let rows: Vec<Row> = refused_writes::table
            .filter(refused_writes::id.gt(after))
            .order(refused_writes::id)
            .limit(ROWS_AT_ONCE)
            .select((
                refused_writes::id,
                (
                    refused_writes::entity_kind,
                    refused_writes::entity_id,
                    refused_writes::version,
                ),
                refused_writes::cause,
                refused_writes::payload,
            ))
            .load(conn)?;
        let Some((last, ..)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        for (id, subject, cause, payload) in rows {
            check.looked_at = check.looked_at.saturating_add(1);
            let is_change = subject.2 == 0;
            let wrong = match () {
                () if Uuid::try_parse(&subject.1).is_err() => Some("its id is none"),
                () if !Cause::ALL.iter().any(|known| known.as_str() == cause) => {
                    Some("its cause is none that is known")
                }
                () if is_change && !is_a_change(&payload) => Some("its payload is no change"),
                () if !is_change && !is_document(&payload) => Some("its payload is no document"),
                () => None,
            };
            if let Some(wrong) = wrong {
                check.fault(told("Number", id, "of the refused writes", &subject, wrong));
            }
        }
    }
}

fn is_a_change(payload: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(payload)
        .is_ok_and(|change| change.get("change").is_some_and(|word| word.is_string()))
}

fn told(what: &str, id: i64, of: &str, subject: &Subject, wrong: &str) -> String {
    let (kind, entity, version) = subject;
    format!("{what} {id} {of}, {kind} {entity} at version {version}: {wrong}.")
}
