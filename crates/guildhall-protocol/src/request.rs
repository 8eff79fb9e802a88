//! A request frame: a client-made id and an `Ask`. Reading one is where an
//! untrusted text becomes typed, so each way to be wrong has its own code.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Ask, Code, Refusal};

/// A request: `{"id": "<uuid>", "type": "noun.verb", …}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// Made by the client; the answer carries it as `re`.
    pub id: Uuid,
    #[serde(flatten)]
    pub body: Ask,
}

/// A text that is not a request.
#[derive(Clone, Debug, PartialEq)]
pub struct BadRequest {
    /// The request's id, where it could be read.
    pub re: Option<Uuid>,
    pub refusal: Refusal,
}

impl Request {
    /// Reads a text frame. Unknown fields are ignored.
    ///
    /// # Errors
    /// `malformed_json` when the text is not one JSON object, `bad_request_id`,
    /// `unknown_type` (which names the type), `bad_field` (which names what is
    /// wrong with a field).
    pub fn parse(text: &str) -> Result<Self, BadRequest> {
        let head: Head = crate::frame::read(text).map_err(|error| BadRequest {
            re: None,
            refusal: malformed(&error),
        })?;
        let id = request_id(&head).map_err(|refusal| BadRequest { re: None, refusal })?;
        let body = ask(&head, text).map_err(|refusal| BadRequest {
            re: Some(id),
            refusal,
        })?;
        Ok(Self { id, body })
    }

    /// The text frame of this request.
    pub fn to_json(&self) -> String {
        crate::frame::json(self)
    }
}

/// What every request has, read before it is known which one it is.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    name: Option<&'a RawValue>,
}

fn malformed(error: &serde_json::Error) -> Refusal {
    Refusal::new(Code::MalformedJson, shortened(&error.to_string()))
}

fn request_id(head: &Head<'_>) -> Result<Uuid, Refusal> {
    let told = head
        .id
        .ok_or_else(|| Refusal::new(Code::BadRequestId, "The request has no field \"id\"."))?;
    serde_json::from_str(told.get()).map_err(|error| {
        Refusal::new(
            Code::BadRequestId,
            format!("\"id\" is not a UUID: {}.", shortened(&error.to_string())),
        )
    })
}

fn ask(head: &Head<'_>, text: &str) -> Result<Ask, Refusal> {
    let named = head.name.map(RawValue::get).map(serde_json::from_str);
    let Some(Ok(name)) = named else {
        return Err(Refusal::new(
            Code::UnknownType,
            "The request has no text field \"type\".",
        ));
    };
    let name: String = name;
    match Ask::read(&name, text) {
        Some(Ok(ask)) => Ok(ask),
        // The head skipped it: a number beyond all bounds, or nesting without end.
        Some(Err(error)) if !error.is_data() => Err(malformed(&error)),
        Some(Err(error)) => Err(Refusal::new(Code::BadField, shortened(&error.to_string()))),
        None => Err(Refusal::new(
            Code::UnknownType,
            format!("{:?} is not a request type.", shortened(&name)),
        )),
    }
}

/// A text that a stranger had a hand in, as it may appear in an answer: bounded.
fn shortened(text: &str) -> String {
    const ECHO_CHARS_MAX: usize = 200;
    text.chars().take(ECHO_CHARS_MAX).collect()
}
