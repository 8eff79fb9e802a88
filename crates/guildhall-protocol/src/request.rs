//! A request frame: a client-made id and an `Ask`. Reading one is where an
//! untrusted text becomes typed, so each way to be wrong has its own code.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| BadRequest {
                re: None,
                refusal: Refusal::new(Code::MalformedJson, error.to_string()),
            })?;
        let id = request_id(&object).map_err(|refusal| BadRequest { re: None, refusal })?;
        let body = ask(object).map_err(|refusal| BadRequest {
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

fn request_id(object: &Map<String, Value>) -> Result<Uuid, Refusal> {
    let told = object
        .get("id")
        .ok_or_else(|| Refusal::new(Code::BadRequestId, "The request has no field \"id\"."))?;
    Uuid::deserialize(told).map_err(|error| {
        Refusal::new(
            Code::BadRequestId,
            format!("\"id\" is not a UUID: {error}."),
        )
    })
}

fn ask(object: Map<String, Value>) -> Result<Ask, Refusal> {
    let named = object.get("type").and_then(Value::as_str);
    match named {
        None => Err(Refusal::new(
            Code::UnknownType,
            "The request has no text field \"type\".",
        )),
        Some(name) if !Ask::TYPES.contains(&name) => Err(Refusal::new(
            Code::UnknownType,
            format!("{:?} is not a request type.", shortened(name)),
        )),
        Some(_) => Ask::deserialize(Value::Object(object))
            .map_err(|error| Refusal::new(Code::BadField, shortened(&error.to_string()))),
    }
}

/// A text that a stranger had a hand in, as it may appear in an answer: bounded.
fn shortened(text: &str) -> String {
    const ECHO_CHARS_MAX: usize = 200;
    text.chars().take(ECHO_CHARS_MAX).collect()
}
