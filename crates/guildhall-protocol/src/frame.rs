//! A text frame of the server: an answer, a refusal or an event. Writing is
//! the server's side, reading the client's; a client reads frames of a newer
//! server, so an unknown event is a value here and not an error.

use serde::de::Error;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Answer, BadRequest, Event, Refusal};

/// What a server sends in one text frame.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerFrame {
    /// `{"re", "type", …}`.
    Answer {
        /// The id of the request.
        re: Uuid,
        answer: Answer,
    },
    /// `{"re", "error"}`.
    Refused {
        /// The id of the request, `None` where it could not be read.
        re: Option<Uuid>,
        error: Refusal,
    },
    /// `{"type", "seq", …}`.
    Event {
        /// One more than that of the previous event of the same source: what a
        /// board broadcasts counts with the board's position, all else with
        /// the session.
        seq: u64,
        event: Event,
    },
    /// An event of a type that this build does not know. Only ever read.
    Unknown(String),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Answer {
        re: Uuid,
        #[serde(flatten)]
        answer: &'a Answer,
    },
    Refused {
        re: Option<Uuid>,
        error: &'a Refusal,
    },
    Event {
        seq: u64,
        #[serde(flatten)]
        event: &'a Event,
    },
    Unknown {
        #[serde(rename = "type")]
        name: &'a str,
    },
}

/// What tells the kinds of frame apart.
#[derive(Deserialize)]
struct Head {
    re: Option<Uuid>,
    #[serde(rename = "type")]
    name: Option<String>,
    seq: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    re: Option<Uuid>,
    error: Refusal,
}

impl ServerFrame {
    /// The text of this frame.
    pub fn to_json(&self) -> String {
        json(&match self {
            Self::Answer { re, answer } => Written::Answer { re: *re, answer },
            Self::Refused { re, error } => Written::Refused { re: *re, error },
            Self::Event { seq, event } => Written::Event { seq: *seq, event },
            Self::Unknown(name) => Written::Unknown { name },
        })
    }

    /// Reads a server's text frame. Unknown fields are ignored.
    ///
    /// # Errors
    /// What is not such a frame, or an answer of an unknown type.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let Head { re, name, seq } = read(text)?;
        let Some(name) = name else {
            let Refused { re, error } = read(text)?;
            return Ok(Self::Refused { re, error });
        };
        if let Some(re) = re {
            let unknown = || Err(Error::unknown_variant(&name, Answer::TYPES));
            let answer = Answer::read(&name, text).unwrap_or_else(unknown)?;
            return Ok(Self::Answer { re, answer });
        }
        match Event::read(&name, text) {
            Some(event) => Ok(Self::Event {
                seq: seq.ok_or_else(|| Error::missing_field("seq"))?,
                event: event?,
            }),
            None => Ok(Self::Unknown(name)),
        }
    }
}

impl From<BadRequest> for ServerFrame {
    fn from(bad: BadRequest) -> Self {
        Self::Refused {
            re: bad.re,
            error: bad.refusal,
        }
    }
}

/// Reads a type of ours from the text of a frame, which is one JSON object: a struct would be read from an
/// array as well.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    if text.trim_ascii_start().starts_with('[') {
        return Err(Error::custom("expected an object, found an array"));
    }
    serde_json::from_str(text)
}

/// JSON of one of our own types.
#[expect(
    clippy::expect_used,
    reason = "our types have text keys only and no serializer of their own that could fail"
)]
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("wire types serialize")
}
