//! Rows that refer to rows which are not there. The databases prevent them, unless somebody told them not to.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Check, count, faults, load};
use crate::backend::Connection;
use crate::error::StoreError;

#[derive(QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    refers: String,
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = Text)]
    key: String,
}

const OF_SQLITE: &str = "SELECT t.name AS child, f.\"from\" AS refers, f.\"table\" AS parent, f.\"to\" AS key \
     FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";

const OF_POSTGRES: &str = "SELECT c.conrelid::regclass::text AS child, a.attname::text AS refers, \
     c.confrelid::regclass::text AS parent, k.attname::text AS key FROM pg_constraint c \
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
     JOIN pg_attribute k ON k.attrelid = c.confrelid AND k.attnum = c.confkey[1] \
     WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace";

/// Every reference of the schema has one column.
pub(super) fn check(conn: &mut Connection, check: &mut Check) -> Result<(), StoreError> {
    let list = match conn {
        Connection::Sqlite(_) => OF_SQLITE,
        Connection::Postgres(_) => OF_POSTGRES,
    };
    for Reference {
        child,
        refers,
        parent,
        key,
    } in load(conn, list)?
    {
        check.looked_at = check.looked_at.saturating_add(count(conn, &child)?);
        let query = format!(
            "SELECT 'A row of {child} refers by {refers} to {parent} ' || child.{refers} || \
             ', which is not there.' AS fault FROM {child} child \
             LEFT JOIN {parent} parent ON parent.{key} = child.{refers} \
             WHERE child.{refers} IS NOT NULL AND parent.{key} IS NULL"
        );
        faults(conn, check, &query)?;
    }
    Ok(())
}
