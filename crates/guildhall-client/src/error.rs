//! What can go wrong, told apart by what the caller can do about it. Every
//! error is `Clone`, because the end of a connection is told to everyone who
//! waits on it.

use std::error::Error as StdError;

use guildhall_protocol::{Code, Refusal};

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// The server refused the request; the connection lives on.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The server refused an HTTP request or the websocket handshake.
    #[error("HTTP status {status}{}", told(.refusal))]
    Http {
        status: u16,
        /// `None` when the body was not Guildhall's, a proxy's error page for one.
        refusal: Option<Refusal>,
    },
    /// The websocket was closed with a close frame: code 1005 and no reason when it held none.
    #[error("closed with code {code} ({reason})")]
    Closed { code: u16, reason: String },
    /// The connection ended without a close frame.
    #[error("connection lost: {cause}")]
    Lost { cause: String },
    /// No connection came about, or an HTTP exchange broke off.
    #[error("server out of reach: {cause}")]
    Unreachable { cause: String },
    /// The server sent what this client cannot make sense of.
    #[error("protocol error: {cause}")]
    Protocol { cause: String },
    /// The downloaded bytes are not those of the revision.
    #[error("the bytes hash to {received}, expected {expected}")]
    HashMismatch { expected: String, received: String },
    /// The reader of [`crate::Events`] was too slow: this many of the oldest were dropped.
    #[error("{count} events were missed")]
    EventsMissed { count: u64 },
}

impl ClientError {
    /// The server's refusal, over the websocket or over HTTP.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Http { refusal, .. } => refusal.as_ref(),
            _ => None,
        }
    }

    /// The code of the server's refusal.
    pub fn code(&self) -> Option<Code> {
        self.refusal().map(|refusal| refusal.code)
    }

    pub(crate) fn lost(cause: impl ToString) -> Self {
        Self::Lost {
            cause: cause.to_string(),
        }
    }

    pub(crate) fn protocol(cause: impl ToString) -> Self {
        Self::Protocol {
            cause: cause.to_string(),
        }
    }
}

impl From<reqwest::Error> for ClientError {
    /// An HTTP library's error says little by itself: the causes behind it are told too.
    fn from(error: reqwest::Error) -> Self {
        let mut cause = error.to_string();
        let mut behind = error.source();
        while let Some(source) = behind {
            cause = format!("{cause}: {source}");
            behind = source.source();
        }
        Self::Unreachable { cause }
    }
}

fn told(refusal: &Option<Refusal>) -> String {
    refusal
        .as_ref()
        .map_or_else(String::new, |refusal| format!(": {refusal}"))
}
