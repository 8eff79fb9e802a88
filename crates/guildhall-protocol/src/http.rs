//! Paths and bodies of the HTTP interface beside the socket. Types that hold
//! a password, a token or a ticket have no `Debug`, so that no log line can
//! show one.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Refusal;

mod routes;

pub use routes::{Auth, Method, Route};

/// `POST` [`SignUp`] → 201 [`SignedUp`].
pub const ACCOUNTS_PATH: &str = "/v1/accounts";
/// `POST` [`SignIn`] → 200 [`SignedIn`].
pub const SIGN_IN_PATH: &str = "/v1/sign-in";
/// `POST` with bearer token → 204; ends the token and its live sessions.
pub const SIGN_OUT_PATH: &str = "/v1/sign-out";
/// `POST` [`ChangePassword`] with bearer token → 204; ends the account's other tokens and their sessions.
pub const PASSWORD_PATH: &str = "/v1/password";
/// `POST` with bearer token → 201 [`SocketTicket`].
pub const SOCKET_TICKETS_PATH: &str = "/v1/socket-tickets";
/// `GET` with upgrade to a websocket.
pub const SOCKET_PATH: &str = "/v1/socket";
/// Pattern of [`revision_path`] for a router.
pub const REVISION_PATH: &str = "/v1/boards/{board}/revisions/{revision}";

/// `GET` → 204 with no body, as long as the process answers.
pub const HEALTHZ_PATH: &str = "/healthz";
/// `GET` → 204, or 503 while the server is of no use.
pub const READYZ_PATH: &str = "/readyz";

/// `GET` with bearer token → the bytes of one revision.
pub fn revision_path(board: Uuid, revision: u32) -> String {
    format!("/v1/boards/{board}/revisions/{revision}")
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUp {
    pub login: String,
    pub password: String,
    /// The name of a realm; without it the one that every world has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedUp {
    pub account: Uuid,
    pub login: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub login: String,
    pub password: String,
    /// A name for the device that the token is for.
    pub device: Option<String>,
    /// As in [`SignUp`]: logins are unique within their realm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Bearer token.
    pub token: String,
    pub account: Uuid,
    pub expires_at_us: i64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    /// The present password.
    pub old: String,
    pub new: String,
}

/// A single-use stand-in for the token, for clients that cannot set headers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketTicket {
    /// Goes behind [`crate::TICKET_PREFIX`] in the list of sub-protocols.
    pub ticket: String,
    /// At most 30 s from now.
    pub expires_at_us: i64,
}

/// The body of every HTTP answer with a status of 400 and up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    pub error: Refusal,
}
