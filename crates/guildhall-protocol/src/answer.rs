//! What a server answers: one variant per request type of `Ask`. A refusal is
//! not an answer of this family; see `ServerFrame::Refused`.

use uuid::Uuid;

use crate::{
    BoardView, CampaignView, CharacterSummary, CharacterVersion, CharacterView, EscrowView,
    GuildSummary, GuildView, Head, Heartbeat, LedgerLine, Limits, Member, Position, Rank, Receipt,
    Role, SavingState, Warning,
};

messages! {
    /// The body of an answer: everything but the request's id.
    pub enum Answer {
        /// To `session.hello`.
        "session.welcome" SessionWelcome {
            /// The sub-protocol that is spoken, [`crate::SUB_PROTOCOL`].
            version: String,
            server_build: String,
            session: Uuid,
            account: Uuid,
            login: String,
            realm: String,
            limits: Limits,
            heartbeat: Heartbeat,
            /// How saving goes; told again by `server.saving` whenever it changes.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            saving: Option<SavingState>,
        }
        /// To `session.keepalive`.
        "session.kept_alive" SessionKeptAlive {
            /// Server time, microseconds since the epoch.
            at_us: i64,
        }

        /// To `campaign.create`.
        "campaign.created" CampaignCreated { campaign: CampaignView }
        /// To `campaign.list`.
        "campaign.listed" CampaignListed { campaigns: Vec<CampaignView> }
        /// To `campaign.invite`.
        "campaign.invited" CampaignInvited { campaign: Uuid, code: String, role: Role }
        /// To `campaign.join`.
        "campaign.joined" CampaignJoined { campaign: CampaignView }
        /// To `campaign.members`.
        "campaign.members_listed" CampaignMembersListed { campaign: Uuid, members: Vec<Member> }

        /// To `board.create`.
        "board.created" BoardCreated { board: BoardView }
        /// To `board.list`.
        "board.listed" BoardListed { boards: Vec<BoardView> }
        /// To `board.open`.
        "board.opened" BoardOpened {
            board: BoardView,
            role: Role,
            /// How many sessions have the board open, the asker included.
            audience: u32,
            position: Position,
            /// Path of the head's bytes, `None` while the board has no head.
            download: Option<String>,
        }
        /// To `board.close`.
        "board.closed" BoardClosed { board: Uuid }
        /// To `board.status`.
        "board.status_told" BoardStatusTold {
            board: Uuid,
            head: Option<Head>,
            audience: u32,
            position: Position,
            /// Every act up to this sequence number is durable.
            durable_through: u64,
            /// When the oldest act that is not durable was accepted.
            unsaved_since_us: Option<i64>,
        }
        /// To `board.loaded`.
        "board.load_noted" BoardLoadNoted { board: Uuid, revision: u32 }
        /// To `board.upload`.
        "board.upload_ready" BoardUploadReady {
            /// Stands at the front of every chunk of this upload.
            upload: Uuid,
            board: Uuid,
            base: Option<u32>,
            chunk_bytes_max: u64,
            expires_at_us: i64,
        }
        /// To `board.commit`: the revision is durable and is the head.
        "board.committed" BoardCommitted { board: Uuid, head: Head, warnings: Vec<Warning> }
        /// To `board.abandon`.
        "board.abandoned" BoardAbandoned { upload: Uuid }

        /// To `character.create`.
        "character.created" CharacterCreated { character: CharacterView, receipt: Receipt }
        /// To `character.list`.
        "character.listed" CharacterListed { characters: Vec<CharacterSummary> }
        /// To `character.get`.
        "character.got" CharacterGot {
            character: CharacterView,
            /// `durable`: as the database has it. `safe`: a save made it that is promised and not committed yet.
            receipt: Receipt,
        }
        /// To `character.play`: the state is the one to go on from.
        "character.played" CharacterPlayed {
            character: CharacterView,
            /// Rises whenever somebody enters play.
            play_epoch: u32,
        }
        /// To `character.leave`.
        "character.left" CharacterLeft { character: Uuid }
        /// To `character.save`.
        "character.saved" CharacterSaved { character: Uuid, version: u32, receipt: Receipt }
        /// To `character.rename`.
        "character.renamed" CharacterRenamed { character: Uuid, name: String, receipt: Receipt }

        /// To `saves.together`.
        "saves.done" SavesDone { saved: Vec<CharacterVersion>, receipt: Receipt }

        /// To `guild.create`.
        "guild.created" GuildCreated { guild: GuildView, receipt: Receipt }
        /// To `guild.list`.
        "guild.listed" GuildListed { guilds: Vec<GuildSummary> }
        /// A fresh invite code; it is shown this once.
        "guild.invited" GuildInvited { guild: Uuid, code: String }
        /// To `guild.join`.
        "guild.joined" GuildJoined { guild: GuildView, receipt: Receipt }
        /// To `guild.get`.
        "guild.got" GuildGot { guild: GuildView }
        /// To `guild.set_rank`.
        "guild.rank_set" GuildRankSet { guild: Uuid, account: Uuid, rank: Rank, receipt: Receipt }
        /// To `guild.kick`.
        "guild.kicked" GuildKicked { guild: Uuid, account: Uuid, receipt: Receipt }
        /// To `guild.leave`.
        "guild.left" GuildLeft { guild: Uuid, receipt: Receipt }
        /// To `guild.disband`.
        "guild.disbanded" GuildDisbanded { guild: Uuid, receipt: Receipt }
        /// To `ship.save`.
        "ship.saved" ShipSaved { guild: Uuid, version: u32, receipt: Receipt }
        /// To `ship.ledger`, newest first, at most 100 lines.
        "ship.ledger_told" ShipLedgerTold { guild: Uuid, lines: Vec<LedgerLine> }

        /// To `escrow.list`, in the order of the ids.
        "escrow.listed" EscrowListed { escrows: Vec<EscrowView> }
    }
}
