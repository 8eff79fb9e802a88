//! How our types sit in columns: ids as text, versions and sizes as 64-bit integers, hashes as
//! 32 bytes. A value that does not fit is an error of the row, never a silent cut.
//! Public for the rows' derives only: the module is not.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// Declares a column adaptor: read as the SQL type, handed on as the Rust type.
macro_rules! column {
    ($name:ident: $sql:ty => $rust:ty, via $raw:ty, $convert:expr) => {
        pub struct $name($rust);

        impl From<$name> for $rust {
            fn from(column: $name) -> Self {
                column.0
            }
        }

        impl<DB: Backend> FromSql<$sql, DB> for $name
        where
            $raw: FromSql<$sql, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let raw = <$raw as FromSql<$sql, DB>>::from_sql(value)?;
                let convert: fn($raw) -> deserialize::Result<$rust> = $convert;
                convert(raw).map(Self)
            }
        }

        impl<DB: Backend> Queryable<$sql, DB> for $name
        where
            Self: FromSql<$sql, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
}

column!(IdText: Text => Uuid, via String, |text| Ok(Uuid::try_parse(&text)?));
column!(Count32: BigInt => u32, via i64, |count| Ok(u32::try_from(count)?));
column!(Size64: BigInt => u64, via i64, |size| Ok(u64::try_from(size)?));
column!(Small16: Integer => u16, via i32, |small| Ok(u16::try_from(small)?));
column!(Hash32: Binary => [u8; 32], via Vec<u8>, |bytes| {
    <[u8; 32]>::try_from(bytes).map_err(|bytes| format!("{} bytes, not 32", bytes.len()).into())
});

column!(ServiceKind: Text => bool, via String, |kind| match kind.as_str() {
    "service" => Ok(true),
    "player" => Ok(false),
    other => Err(format!("{other:?} is no kind of account").into()),
});

/// As [`Count32`], where the column may be empty.
pub struct MaybeCount32(Option<u32>);

impl From<MaybeCount32> for Option<u32> {
    fn from(column: MaybeCount32) -> Self {
        column.0
    }
}

impl<DB: Backend> Queryable<Nullable<BigInt>, DB> for MaybeCount32
where
    Option<i64>: FromSql<Nullable<BigInt>, DB>,
{
    type Row = Option<i64>;
    fn build(row: Option<i64>) -> deserialize::Result<Self> {
        Ok(Self(row.map(u32::try_from).transpose()?))
    }
}

/// The name of a thing that may have none: it gave it up.
pub struct NameText(String);

impl From<NameText> for String {
    fn from(column: NameText) -> Self {
        column.0
    }
}

impl<DB: Backend> Queryable<Nullable<Text>, DB> for NameText
where
    Option<String>: FromSql<Nullable<Text>, DB>,
{
    type Row = Option<String>;
    fn build(row: Option<String>) -> deserialize::Result<Self> {
        Ok(Self(row.unwrap_or_default()))
    }
}

/// An id as the text that is stored, where it lies: one of the many of each batch needs no memory of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredId([u8; Hyphenated::LENGTH]);

impl StoredId {
    pub fn as_str(&self) -> &str {
        // Always ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<Uuid> for StoredId {
    fn from(id: Uuid) -> Self {
        let mut text = [0; Hyphenated::LENGTH];
        id.hyphenated().encode_lower(&mut text);
        Self(text)
    }
}

/// A `u64` counter of ours as the database's signed integer; counters never reach the bound.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A length as the database's signed integer.
pub(crate) fn signed_len(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}
