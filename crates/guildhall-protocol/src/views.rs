//! The parts that messages are made of. Ids are UUIDs; names ending in `_us`
//! are microseconds since the epoch, in `_ms` milliseconds, in `_bytes` bytes;
//! hashes are BLAKE3 in 64 lowercase hex digits.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Rank, Role};

/// A campaign as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignView {
    pub campaign: Uuid,
    pub name: String,
    pub realm: String,
    /// The role of whoever asked.
    pub role: Role,
    /// Rises with every change of anyone's rights in the campaign.
    pub rights_epoch: u32,
}

/// A member of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub account: Uuid,
    pub login: String,
    pub role: Role,
    /// Whether the account has a live session.
    pub online: bool,
}

/// A board without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardView {
    pub board: Uuid,
    pub campaign: Uuid,
    pub name: String,
    pub format: String,
    /// `None` until the first upload was committed.
    pub head: Option<Head>,
}

/// The revision that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub revision: u32,
    pub hash: String,
    pub size_bytes: u64,
    pub format: String,
    pub created_at_us: i64,
    /// The account that uploaded it.
    pub by: Uuid,
}

/// A place in a board's order of acts. A new incarnation means that the
/// board's process was restarted: positions of two incarnations do not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub incarnation: Uuid,
    pub seq: u64,
}

/// Something odd in an upload that was accepted nevertheless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub code: String,
    pub message: String,
}

/// A character with its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CharacterView {
    pub character: Uuid,
    pub name: String,
    pub version: u32,
    pub state: Value,
}

/// A character in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacterSummary {
    pub character: Uuid,
    pub name: String,
    pub version: u32,
}

/// A state for one of several characters that are saved together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CharacterState {
    pub character: Uuid,
    /// The version that `state` was made from.
    pub base_version: u32,
    pub state: Value,
}

/// A character that was saved together with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacterVersion {
    pub character: Uuid,
    /// The base of its next save.
    pub version: u32,
}

/// Something that leaves a character for the ship of a guild that its owner is a member of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GiveToGuild {
    /// A fresh UUID; a repeated save names the same.
    pub escrow: Uuid,
    pub to_guild: Uuid,
    pub what: Value,
}

/// Something that leaves a ship for the character of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GiveToCharacter {
    /// A fresh UUID; a repeated save names the same.
    pub escrow: Uuid,
    pub to_character: Uuid,
    pub what: Value,
}

/// Something that left one side and has not arrived at the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EscrowView {
    pub escrow: Uuid,
    /// The character or the guild that gave.
    pub from: Uuid,
    /// The guild or the character whose save may take it.
    pub to: Uuid,
    pub what: Value,
    /// The account that gave.
    pub given_by: Uuid,
    pub given_at_us: i64,
}

/// A line of a ship's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// The version that the save made.
    pub version: u32,
    /// The account that saved.
    pub by: Uuid,
    pub login: String,
    /// Empty when the save had none.
    pub note: String,
    pub at_us: i64,
}

/// A guild as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuildView {
    pub guild: Uuid,
    pub name: String,
    /// The rank of whoever asked.
    pub rank: Rank,
    /// Present for those who may invite.
    pub invite_code: Option<String>,
    pub members: Vec<GuildMember>,
    pub ship: ShipView,
}

/// A member of a guild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildMember {
    pub account: Uuid,
    pub login: String,
    pub rank: Rank,
}

/// A guild in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildSummary {
    pub guild: Uuid,
    pub name: String,
    pub rank: Rank,
}

/// A guild's ship.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShipView {
    pub version: u32,
    pub state: Value,
    /// `durable`: as the database has it. `safe`: a save of the asking session made it that is promised and
    /// not committed yet.
    pub receipt: Receipt,
}

/// How safe a write is at the moment of its answer, each better than the one
/// before. Only the last is a promise that the write is part of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receipt {
    /// Taken up; nothing is promised, an event tells what became of it.
    Queued,
    /// In the server's local journal: it survives a crash, and may yet be
    /// refused by the database; then `…reloaded` tells.
    Safe,
    /// Committed to the database.
    Durable,
}

/// The limits of this server, told at connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest payload of one websocket frame.
    pub frame_bytes_max: u64,
    /// Longest text message, put together from its frames.
    pub message_bytes_max: u64,
    /// Most data in one upload chunk, its header not counted.
    pub chunk_bytes_max: u64,
    pub upload_bytes_max: u64,
    /// Longest state of a character or ship, as JSON.
    pub state_bytes_max: u64,
    /// A reader that leaves more frames than this unread is disconnected.
    pub outbox_frames_max: u32,
    /// A reader that leaves more bytes than this unread is disconnected.
    pub outbox_bytes_max: u64,
}

/// The clocks of a session, told at connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// How often the server pings.
    pub ping_interval_ms: u64,
    /// A session without any inbound frame for this long ends.
    pub liveness_timeout_ms: u64,
    /// How often the client should send `session.keepalive`.
    pub keepalive_interval_ms: u64,
    /// A session without any application message for this long ends.
    pub idle_timeout_ms: u64,
}
