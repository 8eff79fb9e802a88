//! The operator's side: the supervisor status of a running server, read from
//! its admin listener. For programs that watch a server; games do not need it.

use std::fmt;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

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
        self.get(SUPERVISOR_PATH).await
    }

    /// What durable records tell of one thing: `kind` is `character`, `ship`,
    /// `guild`, `name` or `batch`.
    ///
    /// # Errors
    /// `Http` with `bad_field` for an id that is none, `Unreachable`.
    pub async fn explain(&self, kind: &str, id: &str) -> Result<Value, ClientError> {
        let id: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        self.get(&format!("/admin/explain/{kind}/{id}")).await
    }

    /// Puts a `character` or `ship` back to a version that its history holds;
    /// the answer names the new `version`.
    ///
    /// # Errors
    /// `Http` with `not_found`, or with `role_forbidden` where the admin listener
    /// only shows; `Unreachable`.
    pub async fn restore(&self, kind: &str, id: Uuid, version: u32) -> Result<Value, ClientError> {
        let body = json!({ "kind": kind, "id": id, "version": version });
        self.post("/admin/restore", &body).await
    }

    /// Any path of the admin listener that shows something.
    ///
    /// # Errors
    /// `Http` with the refusal, `Unreachable`.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.send(self.http.request(Method::GET, path)).await
    }

    /// Any path of the admin listener that changes something.
    ///
    /// # Errors
    /// `Http` with the refusal, `Unreachable`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.send(self.http.request(Method::POST, path).json(body))
            .await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, ClientError> {
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
