//! The table of names in pieces by where its rows lie, so that two connections can read it, each row once.
//! No piece is chosen by what a row says.

use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::sqlite::Sqlite;
use guildhall_rules::names::KEY_VERSION;
use uuid::Uuid;

use super::Known;
use super::hash::{NameHashes, key_hash};
use super::rows::unreadable;
use crate::backend::Connection;
use crate::changes::{NameOwner, OwnerKind};
use crate::error::StoreError;
use crate::schema::names;

/// Rows by SQLite's own numbers, or pages of PostgreSQL, both bounds included.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    first: i64,
    last: i64,
}

/// Numbers of one piece of a SQLite table.
const ROWS: i64 = 16_384;
/// Pages of one piece of a PostgreSQL table: as many rows or so. The client library holds a whole answer in
/// memory, some megabytes.
const PAGES: i64 = 384;
/// At most so many, whatever the numbers.
const PIECES_MAX: i64 = 100_000;

#[derive(QueryableByName)]
struct Bounds {
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// Those that nobody has begun to read.
pub(super) struct Pieces {
    next: Option<i64>,
    last: i64,
    size: i64,
}

impl Pieces {
    /// All of them, for the state that this connection sees.
    pub fn of(conn: &mut Connection) -> Result<Self, StoreError> {
        let (bounds, size) = match conn {
            Connection::Sqlite(_) => (
                "SELECT coalesce(min(rowid), 0) AS first, coalesce(max(rowid), -1) AS last FROM names",
                ROWS,
            ),
            Connection::Postgres(_) => (
                "SELECT CAST(0 AS bigint) AS first, \
                 pg_relation_size('names') / current_setting('block_size')::bigint - 1 AS last",
                PAGES,
            ),
        };
        let Bounds { first, last } = sql_query(bounds).get_result(conn)?;
        let rows = last.saturating_sub(first);
        Ok(Self {
            next: Some(first),
            last,
            // Numbers that somebody else has given may lie far from each other.
            size: size.max(rows / PIECES_MAX),
        })
    }

    /// Whether it is not worth dividing.
    pub fn is_one(&self) -> bool {
        let left = |next: i64| self.last.saturating_sub(next);
        self.next.is_none_or(|next| left(next) < self.size)
    }

    /// There are no more.
    pub fn end(&mut self) {
        self.next = None;
    }
}

impl Iterator for Pieces {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let first = self.next?;
        if first > self.last {
            return None;
        }
        let last = first.saturating_add(self.size.saturating_sub(1));
        let last = last.min(self.last);
        self.next = last.checked_add(1);
        Some(Piece { first, last })
    }
}

/// Gives each name of a piece to the sink.
pub(super) fn read(
    conn: &mut Connection,
    Piece { first, last }: Piece,
    mut sink: impl FnMut(Known) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(conn) => {
            let here = sql::<Bool>("rowid BETWEEN ")
                .bind::<BigInt, _>(first)
                .sql(" AND ")
                .bind::<BigInt, _>(last);
            let rows = names::table.select(COLUMNS).filter(here);
            for row in rows.load_iter::<Row, _>(conn)? {
                sink(row?.known()?)?;
            }
            Ok(())
        }
        Connection::Postgres(conn) => {
            let here = format!(
                "ctid >= '({first},0)' AND ctid < '({},0)'",
                last.saturating_add(1)
            );
            let rows: Vec<Row> = names::table
                .select(COLUMNS)
                .filter(sql::<Bool>(&here))
                .load(conn)?;
            rows.into_iter().try_for_each(|row| sink(row.known()?))
        }
    }
}

/// A text that is read as what it means where it lies: three strings fewer for each of millions of rows.
#[derive(FromSqlRow)]
struct Read<T>(T);

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> FromSql<Text, Sqlite> for Read<T> {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.read_text().parse()?))
    }
}

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> FromSql<Text, Pg> for Read<T> {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(std::str::from_utf8(value.as_bytes())?.parse()?))
    }
}

/// A row, in the order of [`COLUMNS`].
#[derive(Queryable)]
struct Row {
    realm_id: Read<Uuid>,
    owner_kind: Read<OwnerKind>,
    owner_id: Read<Uuid>,
    name_key: String,
    skeleton_hash: Option<i64>,
    written_hash: Option<i64>,
    key_version: i32,
    cooling_until: Option<i64>,
}

type Columns = (
    names::realm_id,
    names::owner_kind,
    names::owner_id,
    names::name_key,
    names::skeleton_hash,
    names::written_hash,
    names::key_version,
    names::cooling_until,
);

/// Columns of a [`Row`].
const COLUMNS: Columns = (
    names::realm_id,
    names::owner_kind,
    names::owner_id,
    names::name_key,
    names::skeleton_hash,
    names::written_hash,
    names::key_version,
    names::cooling_until,
);

impl Row {
    fn known(self) -> Result<Known, StoreError> {
        if self.key_version != i32::from(KEY_VERSION) {
            return Err(StoreError::NamesOfOtherVersion {
                found: self.key_version,
                known: KEY_VERSION,
            });
        }
        let (Some(folded), Some(written)) = (self.skeleton_hash, self.written_hash) else {
            return Err(unreadable(&self.name_key, "a hash is missing"));
        };
        Ok(Known {
            hashes: NameHashes {
                key: key_hash(self.realm_id.0, &self.name_key),
                folded: folded.cast_unsigned(),
                written: written.cast_unsigned(),
            },
            owner: NameOwner {
                kind: self.owner_kind.0,
                id: self.owner_id.0,
            },
            cooling_until_us: self.cooling_until,
        })
    }
}
