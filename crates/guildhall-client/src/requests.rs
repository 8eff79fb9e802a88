//! One typed method per request. Each fails with `Refused` when the server
//! refuses, or with how the connection ended; an answer of the wrong type is
//! a `Protocol` error.

use guildhall_protocol::{
    Answer, Ask, BoardView, CampaignView, CharacterState, CharacterSummary, CharacterVersion,
    CharacterView, EscrowView, GiveToCharacter, GiveToGuild, GuildSummary, GuildView, Head,
    LedgerLine, Member, Position, Rank, Receipt, Role,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Client, ClientError};

/// A board that this session has open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedBoard {
    pub board: BoardView,
    pub role: Role,
    pub audience: u32,
    pub position: Position,
    /// For [`crate::Account::download`]; `None` while the board has no head.
    pub download: Option<String>,
}

/// How a board stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardStatus {
    pub head: Option<Head>,
    pub audience: u32,
    pub position: Position,
    /// Every act up to this sequence number is durable.
    pub durable_through: u64,
    pub unsaved_since_us: Option<i64>,
}

/// A state that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The base of the next save.
    pub version: u32,
    pub receipt: Receipt,
}

/// What moves with a character's save: `T` is [`GiveToGuild`], with a ship's [`GiveToCharacter`].
#[derive(Clone, Debug, PartialEq)]
pub struct Moves<T> {
    pub give: Vec<T>,
    /// Ids of escrows that are meant for this one.
    pub take: Vec<Uuid>,
}

impl<T> Default for Moves<T> {
    fn default() -> Self {
        Self {
            give: Vec::new(),
            take: Vec::new(),
        }
    }
}

pub(crate) fn unexpected(answer: &Answer) -> ClientError {
    ClientError::protocol(format!("unexpected answer {}", answer.type_name()))
}

/// `requests! { fn name(&self, …) -> T { ask => answer => value } }`
macro_rules! requests {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty { $ask:expr => $answer:pat => $value:expr }
    )*) => {
        impl Client {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// `Refused`, or how the connection ended.
                pub async fn $name(&self, $($arg: $kind),*) -> Result<$out, ClientError> {
                    match self.ask($ask).await? {
                        $answer => Ok($value),
                        other => Err(unexpected(&other)),
                    }
                }
            )*
        }
    };
}

requests! {
    /// An application message that changes nothing; the server's time in microseconds.
    fn keep_alive() -> i64 {
        Ask::SessionKeepalive {} => Answer::SessionKeptAlive { at_us } => at_us
    }

    /// Makes a campaign with this account as GM.
    fn create_campaign(name: &str) -> CampaignView {
        Ask::CampaignCreate { name: name.to_owned() }
            => Answer::CampaignCreated { campaign } => campaign
    }
    /// This account's campaigns.
    fn campaigns() -> Vec<CampaignView> {
        Ask::CampaignList {} => Answer::CampaignListed { campaigns } => campaigns
    }
    /// An invite code for the role; GM only.
    fn invite(campaign: Uuid, role: Role) -> String {
        Ask::CampaignInvite { campaign, role } => Answer::CampaignInvited { code, .. } => code
    }
    /// Joins by invite code.
    fn join_campaign(code: &str) -> CampaignView {
        Ask::CampaignJoin { code: code.to_owned() }
            => Answer::CampaignJoined { campaign } => campaign
    }
    /// Who belongs to the campaign, and who is there.
    fn members(campaign: Uuid) -> Vec<Member> {
        Ask::CampaignMembers { campaign }
            => Answer::CampaignMembersListed { members, .. } => members
    }

    /// Makes a board of a format, `universal-vtt` or `opaque`; GM only.
    fn create_board(campaign: Uuid, name: &str, format: &str) -> BoardView {
        Ask::BoardCreate { campaign, name: name.to_owned(), format: format.to_owned() }
            => Answer::BoardCreated { board } => board
    }
    /// The campaign's boards.
    fn boards(campaign: Uuid) -> Vec<BoardView> {
        Ask::BoardList { campaign } => Answer::BoardListed { boards } => boards
    }
    /// Joins the board's audience.
    fn open_board(board: Uuid) -> OpenedBoard {
        Ask::BoardOpen { board }
            => Answer::BoardOpened { board, role, audience, position, download }
            => OpenedBoard { board, role, audience, position, download }
    }
    /// Leaves the board's audience.
    fn close_board(board: Uuid) -> () {
        Ask::BoardClose { board } => Answer::BoardClosed { .. } => ()
    }
    /// How the board stands and what of it is durable.
    fn board_status(board: Uuid) -> BoardStatus {
        Ask::BoardStatus { board }
            => Answer::BoardStatusTold {
                board: _, head, audience, position, durable_through, unsaved_since_us
            }
            => BoardStatus { head, audience, position, durable_through, unsaved_since_us }
    }
    /// Acknowledges a downloaded and checked revision, so that it can be the base of an upload.
    fn board_loaded(board: Uuid, revision: u32, hash: &str) -> () {
        Ask::BoardLoaded { board, revision, hash: hash.to_owned() }
            => Answer::BoardLoadNoted { .. } => ()
    }

    /// Makes a character.
    fn create_character(name: &str, state: Value) -> (CharacterView, Receipt) {
        Ask::CharacterCreate { name: name.to_owned(), state }
            => Answer::CharacterCreated { character, receipt } => (character, receipt)
    }
    /// This account's characters.
    fn characters() -> Vec<CharacterSummary> {
        Ask::CharacterList { after: None } => Answer::CharacterListed { characters } => characters
    }
    /// For a service: the characters of its realm behind this one, in the order of the list.
    fn characters_after(after: Uuid) -> Vec<CharacterSummary> {
        Ask::CharacterList { after: Some(after) }
            => Answer::CharacterListed { characters } => characters
    }
    /// Enters play: whoever played the character is replaced; the character with the play epoch.
    fn play_character(character: Uuid) -> (CharacterView, u32) {
        Ask::CharacterPlay { character }
            => Answer::CharacterPlayed { character, play_epoch } => (character, play_epoch)
    }
    /// Plays the character no more.
    fn leave_character(character: Uuid) -> () {
        Ask::CharacterLeave { character } => Answer::CharacterLeft { .. } => ()
    }
    /// A character with its state.
    fn character(character: Uuid) -> CharacterView {
        Ask::CharacterGet { character } => Answer::CharacterGot { character, .. } => character
    }
    /// A character with its state, and whether that is `durable` or `safe`.
    fn character_and_receipt(character: Uuid) -> (CharacterView, Receipt) {
        Ask::CharacterGet { character }
            => Answer::CharacterGot { character, receipt } => (character, receipt)
    }
    /// Saves a state that was made from `base_version`.
    fn save_character(character: Uuid, base_version: u32, state: Value) -> Saved {
        Ask::CharacterSave {
            character, base_version, state, until: None, give: Vec::new(), take: Vec::new()
        }
            => Answer::CharacterSaved { version, receipt, .. } => Saved { version, receipt }
    }
    /// Like `save_character`, answered when the receipt is reached or the server's deadline has come.
    fn save_character_until(
        character: Uuid, base_version: u32, state: Value, until: Receipt
    ) -> Saved {
        Ask::CharacterSave {
            character, base_version, state, until: Some(until), give: Vec::new(), take: Vec::new()
        }
            => Answer::CharacterSaved { version, receipt, .. } => Saved { version, receipt }
    }
    /// Saves a state from which something left for a ship, or at which something arrived from one.
    fn save_character_with(
        character: Uuid, base_version: u32, state: Value, moves: Moves<GiveToGuild>
    ) -> Saved {
        Ask::CharacterSave {
            character, base_version, state, until: None, give: moves.give, take: moves.take
        }
            => Answer::CharacterSaved { version, receipt, .. } => Saved { version, receipt }
    }
    /// Saves several characters, all or none.
    fn save_together(saves: Vec<CharacterState>) -> (Vec<CharacterVersion>, Receipt) {
        Ask::SavesTogether { saves, until: None }
            => Answer::SavesDone { saved, receipt } => (saved, receipt)
    }
    /// Like `save_together`, answered when the receipt is reached or the server's deadline has come.
    fn save_together_until(
        saves: Vec<CharacterState>, until: Receipt
    ) -> (Vec<CharacterVersion>, Receipt) {
        Ask::SavesTogether { saves, until: Some(until) }
            => Answer::SavesDone { saved, receipt } => (saved, receipt)
    }
    /// What lies in escrow to or from a character.
    fn escrows_of_character(character: Uuid) -> Vec<EscrowView> {
        Ask::EscrowList { character: Some(character), guild: None, after: None }
            => Answer::EscrowListed { escrows } => escrows
    }
    /// What lies in escrow to or from a guild's ship.
    fn escrows_of_guild(guild: Uuid) -> Vec<EscrowView> {
        Ask::EscrowList { character: None, guild: Some(guild), after: None }
            => Answer::EscrowListed { escrows } => escrows
    }
    /// What lies in escrow to or from a character behind this one, in the order of the list.
    fn escrows_of_character_after(character: Uuid, after: Uuid) -> Vec<EscrowView> {
        Ask::EscrowList { character: Some(character), guild: None, after: Some(after) }
            => Answer::EscrowListed { escrows } => escrows
    }
    /// Renames a character; the name as the server holds it.
    fn rename_character(character: Uuid, name: &str) -> (String, Receipt) {
        Ask::CharacterRename { character, name: name.to_owned() }
            => Answer::CharacterRenamed { name, receipt, .. } => (name, receipt)
    }

    /// Makes a guild with this account as leader, and its ship.
    fn create_guild(name: &str) -> (GuildView, Receipt) {
        Ask::GuildCreate { name: name.to_owned() }
            => Answer::GuildCreated { guild, receipt } => (guild, receipt)
    }
    /// This account's guilds.
    fn guilds() -> Vec<GuildSummary> {
        Ask::GuildList {} => Answer::GuildListed { guilds } => guilds
    }
    /// Another invite code; leaders and officers only.
    fn invite_to_guild(guild: Uuid) -> String {
        Ask::GuildInvite { guild } => Answer::GuildInvited { code, .. } => code
    }
    /// Joins by invite code.
    fn join_guild(code: &str) -> (GuildView, Receipt) {
        Ask::GuildJoin { code: code.to_owned() }
            => Answer::GuildJoined { guild, receipt } => (guild, receipt)
    }
    /// A guild with its members and ship.
    fn guild(guild: Uuid) -> GuildView {
        Ask::GuildGet { guild } => Answer::GuildGot { guild } => guild
    }
    /// Saves the guild's ship from a state that was made from `base_version`.
    fn save_ship(guild: Uuid, base_version: u32, state: Value) -> Saved {
        Ask::ShipSave {
            guild, base_version, state, until: None, give: Vec::new(), take: Vec::new(), note: None
        }
            => Answer::ShipSaved { version, receipt, .. } => Saved { version, receipt }
    }
    /// Like `save_ship`, answered when the receipt is reached or the server's deadline has come.
    fn save_ship_until(guild: Uuid, base_version: u32, state: Value, until: Receipt) -> Saved {
        Ask::ShipSave {
            guild, base_version, state, until: Some(until),
            give: Vec::new(), take: Vec::new(), note: None
        }
            => Answer::ShipSaved { version, receipt, .. } => Saved { version, receipt }
    }
    /// Saves a ship from which something left for a character, or at which something arrived, with a note
    /// for the ledger.
    fn save_ship_with(
        guild: Uuid, base_version: u32, state: Value, moves: Moves<GiveToCharacter>, note: &str
    ) -> Saved {
        Ask::ShipSave {
            guild, base_version, state, until: None, give: moves.give, take: moves.take,
            note: Some(note.to_owned())
        }
            => Answer::ShipSaved { version, receipt, .. } => Saved { version, receipt }
    }
    /// Lines of the ship's ledger, newest first; with `before` only of older versions.
    fn ship_ledger(guild: Uuid, before: Option<u32>) -> Vec<LedgerLine> {
        Ask::ShipLedger { guild, before } => Answer::ShipLedgerTold { lines, .. } => lines
    }
    /// Gives a member another rank; leaders only.
    fn set_rank(guild: Uuid, account: Uuid, rank: Rank) -> Receipt {
        Ask::GuildSetRank { guild, account, rank }
            => Answer::GuildRankSet { receipt, .. } => receipt
    }
    /// Puts a member of a lower rank out of the guild.
    fn kick_from_guild(guild: Uuid, account: Uuid) -> Receipt {
        Ask::GuildKick { guild, account } => Answer::GuildKicked { receipt, .. } => receipt
    }
    /// Leaves a guild.
    fn leave_guild(guild: Uuid) -> Receipt {
        Ask::GuildLeave { guild } => Answer::GuildLeft { receipt, .. } => receipt
    }
    /// Ends a guild; leaders only.
    fn disband_guild(guild: Uuid) -> Receipt {
        Ask::GuildDisband { guild } => Answer::GuildDisbanded { receipt, .. } => receipt
    }
}
