//! Characters and ships against their history: what was made is there, at the version and with the state
//! that its newest line tells. Nothing that the server does deletes one.

use super::{Check, count, faults};
use crate::backend::Connection;
use crate::error::StoreError;

/// Lines of history with the state that they made.
const MADE: &str = "state IS NOT NULL AND entity_kind IN ('character', 'ship') \
     AND cause IN ('created', 'saved', 'restored', 'kept')";

/// Both kinds as one table.
const PRESENT: &str = "(SELECT 'character' AS kind, id, version, state FROM characters \
     UNION ALL SELECT 'ship', guild_id, version, state FROM ships)";

pub(super) fn check(conn: &mut Connection, check: &mut Check) -> Result<(), StoreError> {
    check.looked_at = count(conn, &format!("{PRESENT} AS present"))?;
    let newest = format!(
        "(SELECT entity_kind AS kind, entity_id AS id, max(version) AS version \
         FROM entity_history WHERE {MADE} GROUP BY entity_kind, entity_id)"
    );
    let queries = [
        "SELECT 'The guild ' || guilds.id || ' has no ship: `guildhall explain ship ' || guilds.id || '`.' \
         AS fault FROM guilds LEFT JOIN ships ON ships.guild_id = guilds.id WHERE ships.guild_id IS NULL"
            .to_owned(),
        format!(
            "SELECT 'The ' || newest.kind || ' ' || newest.id || ' is missing: its history knows version ' \
             || newest.version || '.' AS fault FROM {newest} newest LEFT JOIN {PRESENT} present \
             ON present.kind = newest.kind AND present.id = newest.id WHERE present.id IS NULL"
        ),
        format!(
            "SELECT 'The ' || newest.kind || ' ' || newest.id || ' is at version ' || present.version \
             || ', and its history at version ' || newest.version || '.' AS fault \
             FROM {newest} newest JOIN {PRESENT} present \
             ON present.kind = newest.kind AND present.id = newest.id \
             WHERE present.version <> newest.version"
        ),
        format!(
            "SELECT 'The ' || made.entity_kind || ' ' || made.entity_id || ' has another state than its \
             history tells of version ' || made.version || '.' AS fault FROM entity_history made \
             JOIN {PRESENT} present ON present.kind = made.entity_kind AND present.id = made.entity_id \
             AND present.version = made.version WHERE {} AND made.state <> present.state",
            MADE.replace("state IS", "made.state IS")
        ),
    ];
    queries
        .iter()
        .try_for_each(|query| faults(conn, check, query))
}
