//! Reads JSON as a stream along a `Shape` and hands every leaf to the `Judge`.
//!
//! The first refusal stops the reading. serde carries errors as text only, so the typed refusal waits in
//! the judge; the judge's path stays where the reading stopped.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::board_format::FormatRefusal;

use super::judge::{Done, Judge, Kind, Step};
use super::note::Note;
use super::schema::{Field, Need, Shape};

/// Reads the whole text as one value of that shape.
pub(super) fn walk(
    text: &str,
    shape: &'static Shape,
    judge: &mut Judge<'_>,
) -> Result<(), FormatRefusal> {
    let mut json = serde_json::Deserializer::from_str(text);
    let root = Node {
        shape,
        need: Need::Required,
        judge,
    };
    let read = root.deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|error| judge.refusal(|| not_json(&error, text)))
}

/// One value that is about to be read.
struct Node<'j, 'l> {
    shape: &'static Shape,
    need: Need,
    judge: &'j mut Judge<'l>,
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.shape {
            Shape::Skipped => json.deserialize_ignored_any(IgnoredAny).map(drop),
            _ => json.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match (self.shape, self.need) {
            (Shape::Unknown, _) | (_, Need::Optional) => Ok(()),
            (_, Need::Expected) => {
                self.judge.note(Note::FieldMissing);
                Ok(())
            }
            (_, Need::Required) => self.wrong("null"),
        }
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        match self.shape {
            Shape::Flag | Shape::Unknown => Ok(()),
            _ => self.wrong("true or false"),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(nearest(i128::from(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(nearest(i128::from(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        match self.shape {
            Shape::Number(figure) => self.judge.number(*figure, number).map_err(E::custom),
            Shape::Unknown => Ok(()),
            _ => self.wrong("a number"),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.shape {
            Shape::Image => self.judge.image(text).map_err(E::custom),
            Shape::Colour => {
                self.judge.colour(text);
                Ok(())
            }
            Shape::Unknown => Ok(()),
            _ => self.wrong("text"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let (item, kind) = match self.shape {
            Shape::List(item, kind) => (*item, Some(*kind)),
            Shape::Unknown => (self.shape, None),
            _ => return self.wrong("a list"),
        };
        let judge = self.judge;
        let mut index = 0_usize;
        judge.descend(Step::Index(index)).map_err(Error::custom)?;
        while list
            .next_element_seed(Element {
                node: Node {
                    shape: item,
                    need: Need::Required,
                    judge,
                },
                kind,
            })?
            .is_some()
        {
            index += 1;
            judge.sidestep(Step::Index(index));
        }
        judge.ascend();
        if let Some(kind) = kind {
            judge.list_done(kind, index);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let (fields, done): (&'static [Field], _) = match self.shape {
            Shape::Object(fields, done) => (fields, *done),
            Shape::Unknown => (&[], Done::Unknown),
            _ => return self.wrong("an object"),
        };
        let judge = self.judge;
        let mut seen = vec![false; fields.len()];
        while let Some(key) = object.next_key_seed(KeyOf(fields))? {
            let (shape, need) = match key {
                Key::Known(index, field) => {
                    judge
                        .descend(Step::Key(field.key.into()))
                        .map_err(Error::custom)?;
                    let seen = seen
                        .get_mut(index)
                        .map(|seen| std::mem::replace(seen, true));
                    if seen == Some(true) {
                        return Err(Error::custom(judge.duplicate()));
                    }
                    (field.shape, field.need)
                }
                Key::Other(key) => {
                    judge
                        .descend(Step::Key(key.into()))
                        .map_err(Error::custom)?;
                    (judge.unknown_field(done), Need::Optional)
                }
            };
            object.next_value_seed(Node { shape, need, judge })?;
            judge.ascend();
        }
        let missing = fields.iter().zip(seen).filter(|(_, seen)| !seen);
        for (field, _) in missing {
            judge.missing(field).map_err(Error::custom)?;
        }
        judge.object_done(done).map_err(Error::custom)
    }
}

impl Node<'_, '_> {
    fn expected(&self) -> &'static str {
        match self.shape {
            Shape::Object(..) => "an object",
            Shape::List(..) => "a list",
            Shape::Number(_) => "a number",
            Shape::Flag => "true or false",
            Shape::Colour | Shape::Image => "text",
            Shape::Unknown | Shape::Skipped => "anything",
        }
    }

    fn wrong<E: Error>(self, found: &str) -> Result<(), E> {
        let expected = self.expected();
        Err(E::custom(self.judge.wrong_type(expected, found)))
    }
}

/// One element of a list: counted once it is known to be there.
struct Element<'j, 'l> {
    node: Node<'j, 'l>,
    kind: Option<Kind>,
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if let Some(kind) = self.kind {
            self.node.judge.element(kind).map_err(Error::custom)?;
        }
        self.node.deserialize(json)
    }
}

/// A key of an object, matched against its known fields without a copy.
struct KeyOf(&'static [Field]);

enum Key {
    Known(usize, &'static Field),
    Other(String),
}

impl<'de> DeserializeSeed<'de> for KeyOf {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Key, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOf {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        let mut fields = self.0.iter().enumerate();
        let known = fields.find(|(_, field)| field.key == key);
        // Paths are for people: a key of a megabyte is cut.
        let other = || Key::Other(key.chars().take(32).flat_map(char::escape_debug).collect());
        Ok(known.map_or_else(other, |(index, field)| Key::Known(index, field)))
    }
}

/// The f64 nearest to a whole number.
#[expect(
    clippy::as_conversions,
    reason = "the only conversion there is; rounding beyond 2^53 is what every JSON reader does"
)]
fn nearest(number: i128) -> f64 {
    number as f64
}

/// The reader's own errors. serde_json tells these two apart by their text only.
fn not_json(error: &serde_json::Error, document: &str) -> FormatRefusal {
    let text = error.to_string();
    let (line, column) = (error.line(), error.column());
    if error.is_eof() || breaks_off_in_a_number(error, document) {
        FormatRefusal::new(
            "map.truncated",
            format!("The map ends too early, at line {line}."),
        )
    } else if text.starts_with("number out of range") {
        let sentence = format!("A number is too large to be read (line {line}, column {column}).");
        FormatRefusal::new("map.number_not_finite", sentence)
    } else if text.starts_with("recursion limit") {
        FormatRefusal::new("map.too_deep", "The map is nested too deep.")
    } else {
        FormatRefusal::new("map.not_json", format!("The map is no JSON: {text}."))
    }
}

/// `0.` at the very end is a number that breaks off, though the reader calls it an invalid one.
fn breaks_off_in_a_number(error: &serde_json::Error, document: &str) -> bool {
    let lines = document.split('\n').count();
    let last_line = document.rsplit('\n').next().unwrap_or_default();
    let at_end = error.line() == lines && error.column() >= last_line.len();
    at_end && last_line.ends_with(['.', '-', '+', 'e', 'E'])
}
