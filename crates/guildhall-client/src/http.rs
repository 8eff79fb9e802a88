//! The HTTP side: accounts, tokens, tickets, and the download of revisions
//! with a check of their hash. Redirects are not followed, so that a token
//! goes to no other server.

use std::fmt;
use std::time::Duration;

use guildhall_protocol::http::{
    ACCOUNTS_PATH, ChangePassword, ErrorBody, PASSWORD_PATH, SIGN_IN_PATH, SIGN_OUT_PATH,
    SOCKET_TICKETS_PATH, SignIn, SignUp, SignedIn, SignedUp, SocketTicket,
};
use guildhall_protocol::{Head, Receipt};
use reqwest::{Method, RequestBuilder, Response, redirect};
use uuid::Uuid;

use crate::{Client, ClientError, Connection, Credential, Events};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest silence in the middle of an exchange. Sign-in hashes a password and may queue for it.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A peer that left the network without a word is noticed by the kernel after about four times this.
const TCP_KEEPALIVE: Duration = Duration::from_secs(15);

/// A server's HTTP interface.
#[derive(Clone, Debug)]
pub struct HttpClient {
    http: reqwest::Client,
    base: String,
    pub(crate) saves_until: Option<Receipt>,
}

/// A signed-in account: an [`HttpClient`] with a token.
#[derive(Clone)]
pub struct Account {
    http: HttpClient,
    token: String,
    account: Uuid,
}

impl HttpClient {
    /// `url` is the server's base, `http://host:port`; `ws://` is taken for the same.
    ///
    /// # Errors
    /// `Unreachable` when the HTTP library does not start.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .tcp_keepalive(TCP_KEEPALIVE)
            .tcp_keepalive_interval(TCP_KEEPALIVE)
            .tcp_keepalive_retries(3)
            .build()?;
        let base = match url.strip_prefix("ws") {
            Some(rest) => format!("http{rest}"),
            None => url.to_owned(),
        };
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            saves_until: None,
        })
    }

    /// Of every connection from here on, what a save waits for that names no receipt of its own: `durable` where
    /// each save must be committed before the game goes on.
    #[must_use]
    pub fn saves_until(mut self, receipt: Receipt) -> Self {
        self.saves_until = Some(receipt);
        self
    }

    /// Makes an account. It is not signed in by that.
    ///
    /// # Errors
    /// `Http` with `login_taken`, `login_invalid` or `password_too_weak`.
    pub async fn sign_up(&self, login: &str, password: &str) -> Result<SignedUp, ClientError> {
        let (login, password) = (login.to_owned(), password.to_owned());
        let realm = None;
        self.sign_up_as(&SignUp {
            login,
            password,
            realm,
        })
        .await
    }

    /// Makes an account in a realm of one's choice.
    ///
    /// # Errors
    /// Those of [`Self::sign_up`], and `Http` with `realm_unknown`.
    pub async fn sign_up_as(&self, body: &SignUp) -> Result<SignedUp, ClientError> {
        let request = self.request(Method::POST, ACCOUNTS_PATH).json(body);
        Ok(accepted(request).await?.json().await?)
    }

    /// Signs in, for one device or for none in particular.
    ///
    /// # Errors
    /// `Http` with `credentials_wrong` or `overloaded`.
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
        device: Option<&str>,
    ) -> Result<Account, ClientError> {
        let (login, password) = (login.to_owned(), password.to_owned());
        let (device, realm) = (device.map(str::to_owned), None);
        self.sign_in_as(&SignIn {
            login,
            password,
            device,
            realm,
        })
        .await
    }

    /// Signs in to a realm of one's choice.
    ///
    /// # Errors
    /// Those of [`Self::sign_in`], and `Http` with `realm_unknown`.
    pub async fn sign_in_as(&self, body: &SignIn) -> Result<Account, ClientError> {
        let request = self.request(Method::POST, SIGN_IN_PATH).json(body);
        let signed_in: SignedIn = accepted(request).await?.json().await?;
        Ok(self.account(signed_in.account, signed_in.token))
    }

    /// An account whose token was kept from an earlier sign-in.
    pub fn account(&self, account: Uuid, token: String) -> Account {
        Account {
            http: self.clone(),
            token,
            account,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }
}

impl Account {
    pub fn id(&self) -> Uuid {
        self.account
    }

    /// The bearer token. Whoever holds it is this account.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Ends the token and every live session that came in with it.
    ///
    /// # Errors
    /// `Http` with `unauthenticated` when no such token was ever given out, as far as the server can tell.
    pub async fn sign_out(&self) -> Result<(), ClientError> {
        accepted(self.request(Method::POST, SIGN_OUT_PATH)).await?;
        Ok(())
    }

    /// Gives the account a new password. This token stays good; every other ends, with its live sessions.
    ///
    /// # Errors
    /// `Http` with `credentials_wrong` for a wrong old password, `password_too_weak`, `unauthenticated`.
    pub async fn change_password(&self, old: &str, new: &str) -> Result<(), ClientError> {
        let (old, new) = (old.to_owned(), new.to_owned());
        let request = self.request(Method::POST, PASSWORD_PATH);
        accepted(request.json(&ChangePassword { old, new })).await?;
        Ok(())
    }

    /// A ticket that stands in for the token at one websocket handshake.
    ///
    /// # Errors
    /// `Http` with `unauthenticated`.
    pub async fn socket_ticket(&self) -> Result<SocketTicket, ClientError> {
        let request = self.request(Method::POST, SOCKET_TICKETS_PATH);
        Ok(accepted(request).await?.json().await?)
    }

    /// The bytes of a revision, whose hash was compared with the head's.
    /// `path` is the `download` of `board.opened` or `board.head_moved`.
    ///
    /// # Errors
    /// `HashMismatch` when the bytes are others, more or fewer; `Http` with
    /// `not_found` or `not_a_member`.
    pub async fn download(&self, path: &str, head: &Head) -> Result<Vec<u8>, ClientError> {
        if !path.starts_with('/') {
            return Err(ClientError::protocol(format!("{path:?} is not a path")));
        }
        let mut response = accepted(self.request(Method::GET, path)).await?;
        let mut bytes = Vec::new();
        let mut hasher = blake3::Hasher::new();
        while let Some(part) = response.chunk().await? {
            hasher.update(&part);
            bytes.extend_from_slice(&part);
            if u64::try_from(bytes.len()).is_ok_and(|len| len > head.size_bytes) {
                break;
            }
        }
        let received = hasher.finalize().to_hex();
        if received.as_str() == head.hash {
            Ok(bytes)
        } else {
            Err(ClientError::HashMismatch {
                expected: head.hash.clone(),
                received: received.to_string(),
            })
        }
    }

    /// Connects with the token.
    ///
    /// # Errors
    /// Those of [`Connection::open`].
    pub async fn connect(&self) -> Result<(Client, Events), ClientError> {
        self.connection().open().await
    }

    /// A connection of this account that is not open yet.
    pub fn connection(&self) -> Connection {
        Connection::new(self.http.clone(), Credential::Token(self.token.clone()))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, path).bearer_auth(&self.token)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// The answer, unless its status says that the request was refused.
async fn accepted(request: RequestBuilder) -> Result<Response, ClientError> {
    let response = request.send().await?;
    if response.status().is_success() {
        Ok(response)
    } else {
        Err(refused(response).await)
    }
}

/// What a refused request's body says, read up to a bound.
pub(crate) async fn refused(mut response: Response) -> ClientError {
    const BODY_BYTES_MAX: usize = 256 * 1024;
    let mut body = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        body.extend_from_slice(&part);
        if body.len() > BODY_BYTES_MAX {
            break;
        }
    }
    let told: Option<ErrorBody> = serde_json::from_slice(&body).ok();
    ClientError::Http {
        status: response.status().as_u16(),
        refusal: told.map(|body| body.error),
    }
}
