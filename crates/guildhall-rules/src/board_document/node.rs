//! A value of the document that is not looked into yet, with the place where it stands. The text of the whole
//! was found to be JSON before, so what is left to ask is what kind of value this is.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::board_format::FormatRefusal;

/// A JSON path, read from its end.
pub(super) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'static str),
    Index(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Key(within, key) => write!(f, "{within}.{key}"),
            Self::Index(within, index) => write!(f, "{within}[{index}]"),
        }
    }
}

/// See the file's head.
#[derive(Clone, Copy)]
pub(super) struct Node<'a, 'p> {
    pub text: &'a str,
    pub path: &'p Path<'p>,
}

impl<'a> Node<'a, '_> {
    pub(super) fn refuse(&self, rule: &'static str, sentence: impl Into<String>) -> FormatRefusal {
        FormatRefusal {
            path: Some(self.path.to_string()),
            ..FormatRefusal::new(rule, sentence)
        }
    }

    fn wrong(&self, expected: &str) -> FormatRefusal {
        let found = match self.text.bytes().next() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "text",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        };
        self.refuse(
            "document.field_type",
            format!("Here must be {expected}, not {found}."),
        )
    }

    fn starts_with(&self, first: char, expected: &str) -> Result<(), FormatRefusal> {
        if self.text.starts_with(first) {
            return Ok(());
        }
        Err(self.wrong(expected))
    }

    /// JSON that is well formed and yet cannot be read: half a surrogate pair.
    fn unreadable(&self, _: serde_json::Error) -> FormatRefusal {
        self.refuse("document.text", "Here is text that is no Unicode.")
    }

    pub(super) fn flag(self) -> Result<bool, FormatRefusal> {
        match self.text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// Any double; one that is too large is infinite.
    pub(super) fn number(self) -> Result<f64, FormatRefusal> {
        // Not of serde_json, whose reading may be off by the last bit: it would not be the same twice.
        self.text.parse().map_err(|_| self.wrong("a number"))
    }

    pub(super) fn string(self) -> Result<Cow<'a, str>, FormatRefusal> {
        self.starts_with('"', "text")?;
        let bare = self
            .text
            .strip_prefix('"')
            .and_then(|t| t.strip_suffix('"'));
        if let Some(bare) = bare.filter(|bare| !bare.contains('\\')) {
            return Ok(Cow::Borrowed(bare));
        }
        let read = serde_json::from_str::<String>(self.text);
        read.map(Cow::Owned).map_err(|error| self.unreadable(error))
    }

    /// The elements; of a longer list than `max` as many as show that.
    pub(super) fn elements(self, max: usize) -> Result<Vec<&'a str>, FormatRefusal> {
        self.starts_with('[', "a list")?;
        let mut json = serde_json::Deserializer::from_str(self.text);
        let elements = json.deserialize_seq(Elements { max });
        let elements = elements.map_err(|error| self.unreadable(error))?;
        if elements.len() > max {
            return Err(self.refuse(
                "document.too_many",
                format!("This list may have {max} elements."),
            ));
        }
        Ok(elements)
    }

    /// The values of these keys, and of all others how many there are and what the first is called.
    pub(super) fn fields<const N: usize>(
        self,
        keys: [&'static str; N],
    ) -> Result<Fields<'a, N>, FormatRefusal> {
        self.starts_with('{', "an object")?;
        let mut json = serde_json::Deserializer::from_str(self.text);
        let found = json.deserialize_map(Known { keys });
        let found = found.map_err(|error| self.unreadable(error))?;
        if let Some(key) = found.twice {
            let path = Path::Key(self.path, key);
            let twice = Node {
                path: &path,
                ..self
            };
            return Err(twice.refuse("document.duplicate_key", "This key is in its object twice."));
        }
        Ok(found)
    }
}

/// An object's fields.
pub(super) struct Fields<'a, const N: usize> {
    pub known: [Field<'a>; N],
    pub unknown: usize,
    pub first_unknown: Option<String>,
    twice: Option<&'static str>,
}

/// The value of a key, if the object has it.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    key: &'static str,
    text: Option<&'a str>,
}

impl<'a> Field<'a> {
    /// Reads the value if it is there.
    pub(super) fn given<T>(
        self,
        within: &Node<'a, '_>,
        read: impl FnOnce(Node<'a, '_>) -> Result<T, FormatRefusal>,
    ) -> Result<Option<T>, FormatRefusal> {
        let path = Path::Key(within.path, self.key);
        let node = |text| Node { text, path: &path };
        self.text.map(|text| read(node(text))).transpose()
    }

    /// Reads the value, which must be there.
    pub(super) fn needed<T>(
        self,
        within: &Node<'a, '_>,
        read: impl FnOnce(Node<'a, '_>) -> Result<T, FormatRefusal>,
    ) -> Result<T, FormatRefusal> {
        self.given(within, read)?.ok_or_else(|| {
            let sentence = format!("Here is no {:?}.", self.key);
            within.refuse("document.field_missing", sentence)
        })
    }
}

struct Elements {
    max: usize,
}

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element::<&'de RawValue>()? {
            elements.push(element.get());
            if elements.len() > self.max {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
        }
        Ok(elements)
    }
}

struct Known<const N: usize> {
    keys: [&'static str; N],
}

impl<'de, const N: usize> Visitor<'de> for Known<N> {
    type Value = Fields<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields {
            known: self.keys.map(|key| Field { key, text: None }),
            unknown: 0,
            first_unknown: None,
            twice: None,
        };
        while let Some(key) = object.next_key::<String>().map_err(Error::custom)? {
            let Some(field) = fields.known.iter_mut().find(|field| field.key == key) else {
                object.next_value::<IgnoredAny>()?;
                fields.unknown += 1;
                // Paths are for people: a key of a megabyte is cut.
                let cut = || key.chars().take(32).flat_map(char::escape_debug).collect();
                fields.first_unknown.get_or_insert_with(cut);
                continue;
            };
            let value = object.next_value::<&'de RawValue>()?;
            if field.text.replace(value.get()).is_some() {
                fields.twice.get_or_insert(field.key);
            }
        }
        Ok(fields)
    }
}
