//! What a server sends unasked. The frame numbers them by their source, so that
//! a gap is seen: events of a board count with the board's position, all others
//! with the session.

use serde_json::Value;
use uuid::Uuid;

use crate::{GuildMember, Head, Rank, Receipt, Refusal, SavingState};

messages! {
    /// The body of an event: everything but its sequence number.
    pub enum Event {
        /// A board that this session has open has a new head.
        "board.head_moved" BoardHeadMoved {
            board: Uuid,
            head: Head,
            /// Path of the head's bytes.
            download: String,
            /// The upload that became the head, if it was one.
            by_upload: Option<Uuid>,
        }
        /// The server lost the board's process: this session must open the board again.
        "board.unbound" BoardUnbound {
            board: Uuid,
            /// How the process ended.
            reason: String,
        }
        /// Someone opened or left a board that this session has open.
        "board.audience_changed" BoardAudienceChanged { board: Uuid, audience: u32 }
        /// A chunk was refused, and its upload with it.
        "upload.refused" UploadRefused { upload: Uuid, error: Refusal }
        /// What the server holds of a character differs from what was asked; this is what it holds.
        "character.reloaded" CharacterReloaded {
            character: Uuid,
            reason: String,
            version: u32,
            state: Value,
        }
        /// Of a character that was saved with less than `durable` everything up to this version is committed.
        "character.durable" CharacterDurable { character: Uuid, version: u32 }
        /// Another session plays the character now; saves of this one are refused `fenced` until it sends
        /// `character.play`.
        "character.replaced" CharacterReplaced { character: Uuid, reason: String }
        /// Somebody joined a guild of this account.
        "guild.member_joined" GuildMemberJoined { guild: Uuid, member: GuildMember }
        /// A member of a guild of this account has another rank.
        "guild.rank_changed" GuildRankChanged { guild: Uuid, account: Uuid, rank: Rank, by: Uuid }
        /// A member left or was made to: told to those who stay and to who went.
        "guild.member_left" GuildMemberLeft { guild: Uuid, account: Uuid, by: Uuid }
        /// A leader has disbanded a guild of this account; its ship can be reached no more.
        "guild.gone" GuildGone { guild: Uuid, by: Uuid }
        /// Somebody saved the ship of a guild of this account. `guild.get` shows it once it is `durable`.
        "ship.changed" ShipChanged { guild: Uuid, version: u32, by: Uuid, receipt: Receipt }
        /// What the server holds of a ship differs from what was asked; this is what it holds.
        "ship.reloaded" ShipReloaded { guild: Uuid, reason: String, version: u32, state: Value }
        /// Like `character.durable`.
        "ship.durable" ShipDurable { guild: Uuid, version: u32 }
        /// The server ends this session on purpose; its close frame follows.
        "session.ending" SessionEnding {
            /// The reason word of the close frame.
            cause: String,
            /// What an operator says about it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
            /// After how long a new connection has a chance; `None` where waiting changes nothing.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reconnect_after_ms: Option<u64>,
        }
        /// How saving goes on this server has changed; to every session.
        "server.saving" ServerSaving {
            state: SavingState,
            /// Age of the oldest write that is not committed; `None` when there is none.
            oldest_unsaved_ms: Option<u64>,
        }
        /// A character of this account has another name; the reason is an operator's, or `renamed`.
        "character.name_changed" CharacterNameChanged { character: Uuid, name: String, reason: String }
        /// A guild of this account has another name; the reason is an operator's, or `renamed`.
        "guild.name_changed" GuildNameChanged { guild: Uuid, name: String, reason: String }
    }
}
