//! The operator's side: the supervisor status of a running server, read from
//! its admin listener. For programs that watch a server; games do not need it.

use std::fmt;

use reqwest::Method;
use serde_json::Value;

use crate::http::refused;
use crate::{ClientError, HttpClient};

#[cfg(test)]
mod tests;

/// Where the admin listener serves the status.
pub const SUPERVISOR_PATH: &str = "/admin/supervisor";

/// A server's admin listener, with its token.
#[derive(Clone)]
pub struct AdminClient {
    http: HttpClient,
    token: String,
}

impl AdminClient {
    /// `url` is the admin listener's base, `http://host:port`, or the full
    /// address of the status; `token` is what the server wrote to its token file.
    ///
    /// # Errors
    /// `Unreachable` when the HTTP library does not start.
    pub fn new(url: &str, token: &str) -> Result<Self, ClientError> {
        let base = url.strip_suffix(SUPERVISOR_PATH).unwrap_or(url);
        Ok(Self {
            http: HttpClient::new(base)?,
            token: token.trim().to_owned(),
        })
    }

    /// The whole status: `tree`, a node with `name`, `kind`, `pid`, `registered`,
    /// `children` and more; `sessions` with `here`, `started`, `ended_by_cause`;
    /// the figures of persistence and names.
    ///
    /// # Errors
    /// `Http` with `unauthenticated` for a wrong token, `Unreachable`.
    pub async fn supervisor(&self) -> Result<Value, ClientError> {
        let request = self.http.request(Method::GET, SUPERVISOR_PATH);
        let response = request.bearer_auth(&self.token).send().await?;
        if response.status().is_success() {
            Ok(response.json().await?)
        } else {
            Err(refused(response).await)
        }
    }
}

impl fmt::Debug for AdminClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminClient")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
