//! A refusal: a stable code, a sentence for a person, the rule that refused,
//! what to do next, and whether repeating the request can help.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Code;

/// Why a request was not carried out. Nothing was changed by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: Code,
    /// One sentence with the evidence.
    pub message: String,
    /// The rule that refused, a dotted name such as `upload.order`.
    pub rule: String,
    /// What to do next, one sentence.
    pub next: String,
    pub retry: Retry,
    /// On a conflict, what the server holds: `{"head"}` or `{"version", "state"}`.
    /// Boxed, as few refusals have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<Value>>,
}

/// Whether the same request can succeed when it is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Not as it is.
    Never,
    /// Once the present state was loaded and the request made from it.
    AfterReload,
    /// Unchanged, after a while.
    Later,
}

impl Refusal {
    /// A refusal with the code's own rule, next step and retry.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            rule: code.rule().to_owned(),
            next: code.next().to_owned(),
            retry: code.retry(),
            detail: None,
        }
    }

    /// With what the server holds.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = Some(Box::new(detail));
        self
    }

    /// With a closer rule than the code's own.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = rule.into();
        self
    }

    /// With a closer next step than the code's own.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}, rule {}). Next: {}",
            self.message, self.code, self.rule, self.next
        )
    }
}

impl std::error::Error for Refusal {}
