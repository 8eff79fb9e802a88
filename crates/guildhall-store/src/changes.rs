//! Everything that is written and is not a save: one struct per change, one file per struct,
//! its SQL beside it. A change is one unit: it happens wholly or not at all.

mod add_ban;
mod add_invite;
mod add_ledger_line;
mod add_revision;
mod add_token;
mod create_account;
mod create_board;
mod create_campaign;
mod create_character;
mod create_guild;
mod create_realm;
mod create_service;
mod disband_guild;
mod enter_play;
mod free_name;
mod guild_rights;
mod join_campaign;
mod join_guild;
mod leave_guild;
mod lift_ban;
mod name_row;
mod payload;
mod prune;
mod put_escrow;
mod rehash_names;
mod release_name;
mod rename;
mod reserve_name;
mod restore;
mod restore_ship;
mod revive_guild;
mod revoke_token;
mod revoke_tokens;
mod set_password;
mod set_rank;
mod take_escrow;
mod texts;

use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::backend::Connection;
use crate::write_behind::{EntityKey, EntityKind, WriteRefusal};

pub use add_ban::AddBan;
pub use add_invite::{AddInvite, InviteKind};
pub use add_ledger_line::AddLedgerLine;
pub use add_revision::AddRevision;
pub use add_token::AddToken;
pub use create_account::CreateAccount;
pub use create_board::CreateBoard;
pub use create_campaign::CreateCampaign;
pub use create_character::CreateCharacter;
pub use create_guild::CreateGuild;
pub use create_realm::CreateRealm;
pub use create_service::CreateService;
pub use disband_guild::{DisbandGuild, NEVER_IN_A_STATE};
pub use enter_play::EnterPlay;
pub use free_name::FreeName;
pub use join_campaign::JoinCampaign;
pub use join_guild::JoinGuild;
pub use leave_guild::LeaveGuild;
pub use lift_ban::LiftBan;
pub use name_row::{NameOwner, NameRow, OwnerKind};
pub use prune::Prune;
pub use put_escrow::PutEscrow;
pub use rehash_names::RehashNames;
pub use release_name::ReleaseName;
pub use rename::Rename;
pub use reserve_name::ReserveName;
pub use restore::Restore;
pub use restore_ship::RestoreShip;
pub use revive_guild::ReviveGuild;
pub use revoke_token::RevokeToken;
pub use revoke_tokens::RevokeTokens;
pub use set_password::SetPassword;
pub use set_rank::SetRank;
pub use take_escrow::TakeEscrow;

/// One of the changes. Serialises to what `refused_writes` keeps; secrets stay out.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    CreateAccount(CreateAccount),
    AddToken(AddToken),
    RevokeToken(RevokeToken),
    CreateCampaign(CreateCampaign),
    JoinCampaign(JoinCampaign),
    AddInvite(AddInvite),
    CreateBoard(CreateBoard),
    AddRevision(AddRevision),
    CreateCharacter(CreateCharacter),
    CreateGuild(CreateGuild),
    JoinGuild(JoinGuild),
    Rename(Rename),
    AddLedgerLine(AddLedgerLine),
    CreateRealm(CreateRealm),
    CreateService(CreateService),
    EnterPlay(EnterPlay),
    LeaveGuild(LeaveGuild),
    DisbandGuild(DisbandGuild),
    ReviveGuild(ReviveGuild),
    PutEscrow(PutEscrow),
    RestoreShip(RestoreShip),
    RevokeTokens(RevokeTokens),
    SetPassword(SetPassword),
    AddBan(AddBan),
    LiftBan(LiftBan),
    SetRank(SetRank),
    TakeEscrow(TakeEscrow),
    ReleaseName(ReleaseName),
    ReserveName(ReserveName),
    FreeName(FreeName),
    RehashNames(RehashNames),
    Restore(Restore),
    Prune(Prune),
}

impl Change {
    /// Whether it closes the window at once: names, heads of boards and rights do, since
    /// somebody's next act rests on them.
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::CreateAccount(_)
            | Self::AddToken(_)
            | Self::AddInvite(_)
            | Self::CreateBoard(_)
            | Self::CreateRealm(_)
            | Self::CreateService(_)
            | Self::PutEscrow(_)
            | Self::TakeEscrow(_)
            | Self::AddLedgerLine(_)
            | Self::Prune(_) => false,
            Self::RevokeToken(_)
            | Self::CreateCampaign(_)
            | Self::JoinCampaign(_)
            | Self::AddRevision(_)
            | Self::CreateCharacter(_)
            | Self::CreateGuild(_)
            | Self::JoinGuild(_)
            | Self::Rename(_)
            | Self::EnterPlay(_)
            | Self::SetRank(_)
            | Self::LeaveGuild(_)
            | Self::DisbandGuild(_)
            | Self::ReviveGuild(_)
            | Self::RestoreShip(_)
            | Self::RevokeTokens(_)
            | Self::SetPassword(_)
            | Self::AddBan(_)
            | Self::LiftBan(_)
            | Self::ReleaseName(_)
            | Self::ReserveName(_)
            | Self::FreeName(_)
            | Self::RehashNames(_)
            | Self::Restore(_) => true,
        }
    }

    /// What history and refusals file it under.
    pub(crate) fn subject(&self) -> Subject {
        let (kind, id) = match self {
            Self::CreateAccount(it) => ("account", it.id),
            Self::AddToken(it) => ("token", it.account),
            Self::RevokeToken(it) => ("token", it.account),
            Self::CreateCampaign(it) => ("campaign", it.id),
            Self::JoinCampaign(it) => ("campaign", it.campaign),
            Self::AddInvite(it) => ("invite", it.target),
            Self::CreateBoard(it) => ("board", it.id),
            Self::AddRevision(it) => ("board", it.board),
            Self::CreateCharacter(it) => ("character", it.id),
            Self::CreateGuild(it) => ("guild", it.id),
            Self::JoinGuild(it) => ("guild", it.guild),
            Self::Rename(it) => (it.owner.kind.as_str(), it.owner.id),
            Self::CreateRealm(it) => ("realm", it.id),
            Self::CreateService(it) => ("account", it.id),
            Self::RevokeTokens(it) => ("token", it.account),
            Self::SetPassword(it) => ("account", it.account),
            Self::AddBan(it) => ("account", it.account),
            Self::LiftBan(it) => ("account", it.account),
            Self::EnterPlay(it) => ("character", it.character),
            Self::PutEscrow(it) => ("escrow", it.escrow),
            Self::TakeEscrow(it) => ("escrow", it.escrow),
            Self::AddLedgerLine(it) => ("ship", it.guild),
            Self::RestoreShip(it) => ("ship", it.guild),
            Self::SetRank(it) => ("guild", it.guild),
            Self::LeaveGuild(it) => ("guild", it.guild),
            Self::DisbandGuild(it) => ("guild", it.guild),
            Self::ReviveGuild(it) => ("guild", it.guild),
            Self::ReleaseName(it) => (it.owner.kind.as_str(), it.owner.id),
            Self::ReserveName(it) => (it.owner().kind.as_str(), it.id),
            Self::FreeName(it) => (it.owner.kind.as_str(), it.owner.id),
            Self::RehashNames(_) => ("names", Uuid::nil()),
            Self::Restore(it) => (it.entity.kind.as_str(), it.entity.id),
            Self::Prune(_) => ("retention", Uuid::nil()),
        };
        Subject { kind, id }
    }

    /// The word for it in the history.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::CreateAccount(_) | Self::CreateCampaign(_) => "created",
            Self::CreateBoard(_) | Self::CreateCharacter(_) | Self::CreateGuild(_) => "created",
            Self::AddToken(_) | Self::AddInvite(_) => "added",
            Self::RevokeToken(_) => "revoked",
            Self::JoinCampaign(_) | Self::JoinGuild(_) => "joined",
            Self::AddRevision(_) => "revised",
            Self::Rename(_) => "renamed",
            Self::CreateRealm(_) | Self::CreateService(_) => "created",
            Self::RevokeTokens(_) => "revoked",
            Self::SetPassword(_) => "password_changed",
            Self::AddBan(_) => "banned",
            Self::LiftBan(_) => "unbanned",
            Self::EnterPlay(_) => "played",
            Self::PutEscrow(_) => "given",
            Self::TakeEscrow(_) => "taken",
            Self::AddLedgerLine(_) => "noted",
            Self::RestoreShip(_) => "restored",
            Self::SetRank(_) => "ranked",
            Self::LeaveGuild(_) => "left",
            Self::DisbandGuild(_) => "disbanded",
            Self::ReviveGuild(_) => "revived",
            Self::ReleaseName(_) => "name_released",
            Self::ReserveName(_) => "name_reserved",
            Self::FreeName(_) => "name_freed",
            Self::RehashNames(_) => "names_rehashed",
            Self::Restore(_) => "restored",
            Self::Prune(_) => "pruned",
        }
    }

    /// Length of the document it carries, in bytes.
    pub(crate) fn state_bytes(&self) -> Option<usize> {
        match self {
            Self::CreateCharacter(it) => Some(it.state.len()),
            Self::CreateGuild(it) => Some(it.ship_state.len()),
            Self::PutEscrow(it) => Some(it.what.len()),
            Self::RestoreShip(it) => Some(it.state.len()),
            _ => None,
        }
    }

    /// The entity among whose saves it waits its turn; whatever else there is goes before the saves.
    pub(crate) fn among_saves_of(&self) -> Option<EntityKey> {
        let (kind, id) = match self {
            Self::EnterPlay(it) => (EntityKind::Character, it.character),
            Self::RestoreShip(it) => (EntityKind::Ship, it.guild),
            Self::DisbandGuild(it) => (EntityKind::Ship, it.guild),
            Self::Restore(it) => return Some(it.entity),
            _ => return None,
        };
        Some(EntityKey { kind, id })
    }

    /// Whether it is told in the history by a line of its own. A line of the ledger is itself a record, and
    /// forgetting that left a record would never come to its end.
    pub(crate) fn is_history(&self) -> bool {
        !matches!(self, Self::AddLedgerLine(_) | Self::Prune(_))
    }

    /// Whether the database shows that it was done before, in one group with a save that its row holds.
    pub(crate) fn is_done(&self, conn: &mut Connection) -> diesel::QueryResult<bool> {
        match self {
            Self::PutEscrow(it) => it.is_done(conn),
            Self::TakeEscrow(it) => it.is_done(conn),
            Self::AddLedgerLine(it) => it.is_done(conn),
            _ => Ok(false),
        }
    }

    /// Runs its SQL inside the savepoint of its unit.
    pub(crate) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        match self {
            Self::CreateAccount(it) => it.apply(conn, at_us),
            Self::AddToken(it) => it.apply(conn, at_us),
            Self::RevokeToken(it) => it.apply(conn, at_us),
            Self::CreateCampaign(it) => it.apply(conn, at_us),
            Self::JoinCampaign(it) => it.apply(conn, at_us),
            Self::AddInvite(it) => it.apply(conn, at_us),
            Self::CreateBoard(it) => it.apply(conn, at_us),
            Self::AddRevision(it) => it.apply(conn, at_us),
            Self::CreateCharacter(it) => it.apply(conn, at_us),
            Self::CreateGuild(it) => it.apply(conn, at_us),
            Self::JoinGuild(it) => it.apply(conn, at_us),
            Self::Rename(it) => it.apply(conn, at_us),
            Self::CreateRealm(it) => it.apply(conn),
            Self::CreateService(it) => it.apply(conn, at_us),
            Self::RevokeTokens(it) => it.apply(conn, at_us),
            Self::SetPassword(it) => it.apply(conn, at_us),
            Self::AddBan(it) => it.apply(conn, at_us),
            Self::LiftBan(it) => it.apply(conn),
            Self::EnterPlay(it) => it.apply(conn),
            Self::PutEscrow(it) => it.apply(conn, at_us),
            Self::TakeEscrow(it) => it.apply(conn, at_us),
            Self::AddLedgerLine(it) => it.apply(conn, at_us),
            Self::RestoreShip(it) => it.apply(conn, at_us),
            Self::SetRank(it) => it.apply(conn),
            Self::LeaveGuild(it) => it.apply(conn, at_us),
            Self::DisbandGuild(it) => it.apply(conn, at_us),
            Self::ReviveGuild(it) => it.apply(conn, at_us),
            Self::ReleaseName(it) => it.apply(conn, at_us),
            Self::ReserveName(it) => it.apply(conn, at_us),
            Self::FreeName(it) => it.apply(conn),
            Self::RehashNames(it) => it.apply(conn),
            Self::Restore(it) => it.apply(conn, at_us),
            Self::Prune(it) => it.apply(conn),
        }
    }
}

/// The thing that a change is about.
pub(crate) struct Subject {
    pub kind: &'static str,
    pub id: Uuid,
}

/// How a change ended that the database took.
pub(crate) enum Applied {
    Done {
        version: u32,
    },
    /// As `Done`; the documents go into the history with their states.
    Made {
        version: u32,
        documents: Vec<Document>,
    },
    /// Refused, yet what it wrote stays: content of a board is never thrown away.
    Kept(WriteRefusal),
}

/// A state that a change has set down: a line of the history of its own.
pub(crate) struct Document {
    pub entity: EntityKey,
    pub version: u32,
    /// The word for it in the history.
    pub word: &'static str,
    pub schema_version: u16,
    pub state: Bytes,
}

/// The word for a state that was there before and that no line of history held yet.
pub(crate) const KEPT: &str = "kept";

/// How a change ended that leaves nothing behind.
pub(crate) enum Failed {
    Refused(WriteRefusal),
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

/// Whether so many rows are as many as may be.
pub(crate) fn is_full(rows: i64, max: usize) -> bool {
    i64::try_from(max).is_ok_and(|max| rows >= max)
}

/// The common end of changes of things without versions.
pub(crate) fn done() -> Result<Applied, Failed> {
    Ok(Applied::Done { version: 1 })
}
