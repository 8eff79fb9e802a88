//! What a client may ask. One variant per request type; the answer to each is
//! the variant of `Answer` that its comment names.

use serde_json::Value;
use uuid::Uuid;

use crate::{CharacterState, GiveToCharacter, GiveToGuild, Rank, Receipt, Role};

messages! {
    /// The body of a request: everything but its id.
    pub enum Ask {
        /// First message of every connection → `session.welcome`.
        "session.hello" SessionHello {
            /// Name and version of the client program.
            build: String,
            /// A name for the device, for people to read.
            device: Option<String>,
            /// Optional abilities of the client; the server ignores those it does not know.
            #[serde(default)]
            features: Vec<String>,
        }
        /// The game's own sign of life, an application message → `session.kept_alive`.
        "session.keepalive" SessionKeepalive {}

        /// → `campaign.created`; the asker becomes its GM.
        "campaign.create" CampaignCreate { name: String }
        /// The asker's campaigns → `campaign.listed`.
        "campaign.list" CampaignList {}
        /// Makes an invite code for a role; GM only → `campaign.invited`.
        "campaign.invite" CampaignInvite { campaign: Uuid, role: Role }
        /// → `campaign.joined`.
        "campaign.join" CampaignJoin { code: String }
        /// → `campaign.members_listed`.
        "campaign.members" CampaignMembers { campaign: Uuid }

        /// GM only → `board.created`.
        "board.create" BoardCreate {
            campaign: Uuid,
            name: String,
            /// Name of a board format, `universal-vtt` or `opaque`.
            format: String,
        }
        /// → `board.listed`.
        "board.list" BoardList { campaign: Uuid }
        /// Joins the board's audience → `board.opened`.
        "board.open" BoardOpen { board: Uuid }
        /// Leaves the board's audience → `board.closed`.
        "board.close" BoardClose { board: Uuid }
        /// → `board.status_told`.
        "board.status" BoardStatus { board: Uuid }
        /// "I downloaded this revision and its hash agrees" → `board.load_noted`.
        /// A revision that was not acknowledged cannot be the base of an upload.
        "board.loaded" BoardLoaded {
            board: Uuid,
            revision: u32,
            /// BLAKE3 of the downloaded bytes, 64 lowercase hex digits.
            hash: String,
        }
        /// Asks for an upload ticket → `board.upload_ready`.
        "board.upload" BoardUpload {
            board: Uuid,
            /// The revision that the upload succeeds; `None` for the first.
            base: Option<u32>,
            size_bytes: u64,
            /// If given, it must be the board's format.
            format: Option<String>,
        }
        /// Ends an upload → `board.committed`.
        "board.commit" BoardCommit {
            upload: Uuid,
            /// BLAKE3 of what the client sent; compared, never trusted.
            hash: Option<String>,
        }
        /// Gives an upload up → `board.abandoned`.
        "board.abandon" BoardAbandon { upload: Uuid }

        /// → `character.created`.
        "character.create" CharacterCreate { name: String, state: Value }
        /// The asker's characters, for a service all of its realm → `character.listed`, at most 1,000.
        "character.list" CharacterList {
            /// For a service: only those behind this one, in the order of the list.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            after: Option<Uuid>,
        }
        /// → `character.got`: the newest state that is promised.
        "character.get" CharacterGet { character: Uuid }
        /// Enters play: from now on this session alone saves the character → `character.played`. Whoever
        /// played it is told `character.replaced`. A session's first save enters play by itself.
        "character.play" CharacterPlay { character: Uuid }
        /// → `character.left`.
        "character.leave" CharacterLeave { character: Uuid }
        /// → `character.saved`.
        "character.save" CharacterSave {
            character: Uuid,
            /// The version that `state` was made from.
            base_version: u32,
            state: Value,
            /// The receipt to wait for, `safe` or `durable`; without it the first that promises something.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            until: Option<Receipt>,
            /// What leaves the character with this save, to lie in escrow until a ship's save takes it.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            give: Vec<GiveToGuild>,
            /// What arrives with this save, once: ids of `escrow.list`.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            take: Vec<Uuid>,
        }
        /// → `character.renamed`.
        "character.rename" CharacterRename { character: Uuid, name: String }

        /// Saves 1 to 16 characters, all or none, such as a trade → `saves.done`. Refused, its detail lists the
        /// `characters` with the version that each has; where it is a conflict, with the state too of those
        /// that are not at their base.
        "saves.together" SavesTogether {
            saves: Vec<CharacterState>,
            /// As of `character.save`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            until: Option<Receipt>,
        }

        /// → `guild.created`; the asker becomes its leader.
        "guild.create" GuildCreate { name: String }
        /// The asker's guilds → `guild.listed`.
        "guild.list" GuildList {}
        /// Makes another invite code; leaders and officers only → `guild.invited`.
        "guild.invite" GuildInvite { guild: Uuid }
        /// → `guild.joined`.
        "guild.join" GuildJoin { code: String }
        /// → `guild.got`.
        "guild.get" GuildGet { guild: Uuid }
        /// Leaders only → `guild.rank_set`. A guild keeps a leader.
        "guild.set_rank" GuildSetRank { guild: Uuid, account: Uuid, rank: Rank }
        /// Of those below one's own rank, by leaders and officers → `guild.kicked`.
        "guild.kick" GuildKick { guild: Uuid, account: Uuid }
        /// Not for the last leader → `guild.left`.
        "guild.leave" GuildLeave { guild: Uuid }
        /// Leaders only → `guild.disbanded`.
        "guild.disband" GuildDisband { guild: Uuid }
        /// → `ship.saved`.
        "ship.save" ShipSave {
            guild: Uuid,
            /// The version that `state` was made from.
            base_version: u32,
            state: Value,
            /// The receipt to wait for, `safe` or `durable`; without it the first that promises something.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            until: Option<Receipt>,
            /// What leaves the ship with this save, to lie in escrow until a character's save takes it.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            give: Vec<GiveToCharacter>,
            /// What arrives with this save, once: ids of `escrow.list`.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            take: Vec<Uuid>,
            /// For the ledger, at most 1,024 characters.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            note: Option<String>,
        }
        /// The newest lines, one per save → `ship.ledger_told`.
        "ship.ledger" ShipLedger {
            guild: Uuid,
            /// Only lines of versions before this one.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            before: Option<u32>,
        }

        /// What lies open to or from a character or a guild's ship, one of the two → `escrow.listed`, as much as
        /// fits one answer. Ask again with the last id in `after` until the answer is empty.
        "escrow.list" EscrowList {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            character: Option<Uuid>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            guild: Option<Uuid>,
            /// Only those behind this one, in the order of the list.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            after: Option<Uuid>,
        }
    }
}
