//! Client for a Guildhall server. [`HttpClient`] signs up and in; an
//! [`Account`] downloads boards and connects; a connection is a cloneable
//! [`Client`] that asks, and [`Events`] that listen.
//!
//! The connection lives as long as one `Client` does. Needs a tokio runtime
//! with time and I/O. Plain HTTP only: put a TLS proxy in front of the server.

mod admin;
mod client;
mod connection;
mod driver;
mod error;
mod events;
mod http;
mod requests;
mod shared;
mod upload;

pub use admin::{AdminClient, SUPERVISOR_PATH};
pub use client::Client;
pub use connection::{Connection, Credential, Welcome};
pub use error::ClientError;
pub use events::{EVENTS_MAX, Events, NumberedEvent};
pub use guildhall_protocol as protocol;
pub use http::{Account, HttpClient};
pub use requests::{BoardStatus, Moves, OpenedBoard, Saved};
pub use upload::UploadTicket;
