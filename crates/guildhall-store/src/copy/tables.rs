//! Which tables and columns there are, asked of both databases: a column that a migration adds is copied
//! without a word about it here, and a table that nobody has given a place is an error.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use crate::backend::Connection;
use crate::error::StoreError;

/// Every table but the world's own row, each after those that it refers to.
const ORDER: &[&str] = &[
    "realms",
    "accounts",
    "identities",
    "tokens",
    "bans",
    "campaigns",
    "campaign_members",
    "invites",
    "boards",
    "board_revisions",
    "characters",
    "guilds",
    "guild_members",
    "ships",
    "names",
    "escrows",
    "ship_ledger",
    "batches",
    "refused_writes",
    "entity_history",
];

/// Tables that are not copied: the mark of a copy stands in the first, the schema's versions in the second, and
/// the third is about a journal that stays where it is, with nothing in it.
const NOT_COPIED: &[&str] = &["world", "__diesel_schema_migrations", "flights"];

/// A table that is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
}

/// How a value travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bool,
    Bytes,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    data_type: String,
}

/// The columns of every table, in the order of their names.
fn columns(conn: &mut Connection) -> Result<Vec<ColumnRow>, StoreError> {
    let rows = match conn {
        Connection::Sqlite(conn) => sql_query(
            "SELECT t.name AS table_name, c.name AS column_name, lower(c.type) AS data_type \
             FROM sqlite_master t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.name",
        )
        .load(conn)?,
        Connection::Postgres(conn) => sql_query(
            "SELECT table_name::text, column_name::text, data_type::text \
             FROM information_schema.columns WHERE table_schema = current_schema() \
             ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\"",
        )
        .load(conn)?,
    };
    Ok(rows)
}

fn kind(data_type: &str) -> Option<Kind> {
    match data_type {
        "text" => Some(Kind::Text),
        "bigint" | "integer" => Some(Kind::Number),
        "boolean" => Some(Kind::Bool),
        "blob" | "bytea" => Some(Kind::Bytes),
        _ => None,
    }
}

/// The tables of a world, in the order of copying.
pub(super) fn of(conn: &mut Connection) -> Result<Vec<Table>, StoreError> {
    known(columns(conn)?)
}

/// The tables that both have, in the order of copying.
///
/// # Errors
/// A table without a place, a column without a kind, or schemas that differ: all faults of the program.
pub(super) fn common(
    one: &mut Connection,
    other: &mut Connection,
) -> Result<Vec<Table>, StoreError> {
    let (ours, theirs) = (of(one)?, of(other)?);
    match ours == theirs {
        true => Ok(ours),
        false => Err(fault("the two databases have different columns".to_owned())),
    }
}

fn known(rows: Vec<ColumnRow>) -> Result<Vec<Table>, StoreError> {
    let mut tables: Vec<Table> = Vec::new();
    for row in rows {
        if NOT_COPIED.contains(&row.table_name.as_str()) {
            continue;
        }
        let Some(kind) = kind(&row.data_type) else {
            let ColumnRow {
                table_name,
                column_name,
                data_type,
            } = row;
            let what = format!("{table_name}.{column_name} is of the unknown type {data_type}");
            return Err(fault(what));
        };
        let column = Column {
            name: row.column_name,
            kind,
        };
        match tables.iter_mut().find(|table| table.name == row.table_name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table {
                name: row.table_name,
                columns: vec![column],
            }),
        }
    }
    if let Some(table) = tables.iter().find(|table| place(table).is_none()) {
        return Err(fault(format!(
            "the table {} has no place in a copy",
            table.name
        )));
    }
    tables.sort_by_key(place);
    Ok(tables)
}

fn place(table: &Table) -> Option<usize> {
    ORDER.iter().position(|name| *name == table.name)
}

fn fault(detail: String) -> StoreError {
    StoreError::Database { detail }
}

/// A table of millions may take its time.
pub(super) fn without_deadlines(conn: &mut Connection) -> Result<(), StoreError> {
    if let Connection::Postgres(conn) = conn {
        conn.batch_execute(
            "SET statement_timeout = 0; SET lock_timeout = 0; \
             SET idle_in_transaction_session_timeout = 0",
        )?;
    }
    Ok(())
}

/// On PostgreSQL a column that numbers its rows must be told that numbers were given out.
pub(super) fn go_on_counting(conn: &mut Connection, table: &Table) -> Result<(), StoreError> {
    let Connection::Postgres(conn) = conn else {
        return Ok(());
    };
    let numbered = |column: &&Column| column.name == "id" && column.kind == Kind::Number;
    if let Some(column) = table.columns.iter().find(numbered) {
        let (table, column) = (&table.name, &column.name);
        sql_query(format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), \
             coalesce(max({column}), 0) + 1, false) FROM {table}"
        ))
        .execute(conn)?;
    }
    Ok(())
}
