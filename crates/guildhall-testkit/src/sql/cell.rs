//! One value of a row, the same from both databases.

use std::fmt::Debug;
use std::str::FromStr;

use serde_json::Value;

/// See the file's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell(Option<String>);

impl Cell {
    pub(super) fn null() -> Self {
        Self(None)
    }

    pub(super) fn text(text: String) -> Self {
        Self(Some(text))
    }

    pub(super) fn bytes_of(bytes: &[u8]) -> Self {
        Self::text(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn is_null(&self) -> bool {
        self.0.is_none()
    }

    /// `None` for NULL.
    pub fn as_option(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// # Panics
    /// When it is NULL.
    pub fn as_str(&self) -> &str {
        self.as_option().expect("a value that is not NULL")
    }

    /// # Panics
    /// When it is something else.
    pub fn number(&self) -> i64 {
        self.parse()
    }

    /// # Panics
    /// When it is neither true nor false.
    pub fn truth(&self) -> bool {
        match self.as_str() {
            "1" | "t" => true,
            "0" | "f" => false,
            other => panic!("{other} is neither true nor false"),
        }
    }

    /// Whatever can be read from text: a number of another type, an id.
    ///
    /// # Panics
    /// When it is something else.
    pub fn parse<T: FromStr<Err: Debug>>(&self) -> T {
        self.as_str()
            .parse()
            .unwrap_or_else(|error| panic!("{self:?}: {error:?}"))
    }

    /// The bytes of hexadecimal digits.
    ///
    /// # Panics
    /// When it is something else.
    pub fn bytes(&self) -> Vec<u8> {
        let digits = self.as_str().as_bytes().chunks(2);
        let byte = |two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok();
        let bytes: Option<_> = digits.map(byte).collect();
        bytes.unwrap_or_else(|| panic!("{self:?}: no bytes"))
    }

    /// A document that is kept as bytes.
    ///
    /// # Panics
    /// When it is something else.
    pub fn document(&self) -> Value {
        serde_json::from_slice(&self.bytes()).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }
}
