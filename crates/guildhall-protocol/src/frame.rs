//! A text frame of the server: an answer, a refusal or an event. Writing is
//! the server's side, reading the client's; a client reads frames of a newer
//! server, so an unknown event is a value here and not an error.

use serde::de::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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
        let mut object: Map<String, Value> = serde_json::from_str(text)?;
        if !object.contains_key("type") {
            let Refused { re, error } = Refused::deserialize(Value::Object(object))?;
            return Ok(Self::Refused { re, error });
        }
        match object.remove("re") {
            Some(re) => Ok(Self::Answer {
                re: Uuid::deserialize(re)?,
                answer: Answer::deserialize(Value::Object(object))?,
            }),
            None => event(object),
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

fn event(object: Map<String, Value>) -> Result<ServerFrame, serde_json::Error> {
    let name = object
        .get("type")
        .and_then(Value::as_str)
        .ok_or_else(|| Error::missing_field("type"))?;
    if !Event::TYPES.contains(&name) {
        return Ok(ServerFrame::Unknown(name.to_owned()));
    }
    let seq = object
        .get("seq")
        .ok_or_else(|| Error::missing_field("seq"))?;
    Ok(ServerFrame::Event {
        seq: u64::deserialize(seq)?,
        event: Event::deserialize(Value::Object(object))?,
    })
}

/// JSON of one of our own types.
#[expect(
    clippy::expect_used,
    reason = "our types have text keys only and no serializer of their own that could fail"
)]
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("wire types serialize")
}
