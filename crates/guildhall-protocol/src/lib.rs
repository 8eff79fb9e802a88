//! Wire types of the `guildhall.v1` protocol: what a client may ask, what a
//! server answers, the events it sends unasked, every refusal code, the binary
//! form of upload chunks, the HTTP bodies and the close codes.
//! Plain data only: no socket, no clock, no decision about rights.
//! The server, the client and generated documents all start from here.

#[macro_use]
mod messages;

mod answer;
mod ask;
mod chunk;
mod close;
mod code;
mod event;
mod frame;
pub mod http;
mod refusal;
mod request;
mod views;

pub use answer::Answer;
pub use ask::Ask;
pub use chunk::{CHUNK_BYTES_MAX, CHUNK_HEADER_BYTES, Chunk};
pub use close::CloseCode;
pub use code::Code;
pub use event::Event;
pub use frame::ServerFrame;
pub use guildhall_rules::rights::{Rank, Role};
pub use guildhall_rules::saving::SavingState;
pub use refusal::{Refusal, Retry};
pub use request::{BadRequest, Request};
pub use views::{
    BoardView, CampaignView, CharacterState, CharacterSummary, CharacterVersion, CharacterView,
    EscrowView, GiveToCharacter, GiveToGuild, GuildMember, GuildSummary, GuildView, Head,
    Heartbeat, LedgerLine, Limits, Member, Position, Receipt, ShipView, Warning,
};

/// The websocket sub-protocol of this version: UTF-8 JSON in text frames,
/// upload chunks in binary frames.
pub const SUB_PROTOCOL: &str = "guildhall.v1";

/// What stands before a socket ticket in `Sec-WebSocket-Protocol`, beside
/// [`SUB_PROTOCOL`]. A ticket is never part of a URL, because URLs are logged.
pub const TICKET_PREFIX: &str = "guildhall.ticket.";
