//! The texts that a change writes: what no database should have to refuse.

use super::{Change, NameRow};
use crate::write_behind::{Cause, WriteRefusal};

impl Change {
    /// The refusal of a text that not both databases can keep: PostgreSQL stores no NUL, SQLite does.
    pub(crate) fn unwritable(&self) -> Option<WriteRefusal> {
        let text = self.texts().into_iter().find(|text| text.contains('\0'))?;
        let detail = format!("The text {text:?} holds a NUL, which no text may.");
        Some(WriteRefusal::new(Cause::Check, detail))
    }

    /// Every text that somebody else chose.
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::CreateAccount(it) => vec![&it.login_key, &it.login, &it.password_hash],
            Self::AddToken(it) => vec![&it.device],
            Self::CreateCampaign(it) => vec![&it.name],
            Self::CreateBoard(it) => vec![&it.name, &it.format],
            Self::AddRevision(it) => vec![&it.format],
            Self::CreateCharacter(it) => of_name(&it.name),
            Self::CreateGuild(it) => of_name(&it.name),
            Self::Rename(it) => of_name(&it.name),
            Self::ReviveGuild(it) => of_name(&it.name),
            Self::CreateRealm(it) => vec![&it.name],
            Self::CreateService(it) => vec![&it.login_key, &it.login],
            Self::AddLedgerLine(it) => vec![&it.note],
            Self::ReserveName(it) => of_name(&it.name),
            Self::FreeName(it) => vec![&it.key],
            Self::AddBan(it) => vec![&it.reason],
            Self::SetPassword(it) => vec![&it.to_hash],
            Self::Restore(_)
            | Self::Prune(_)
            | Self::ReleaseName(_)
            | Self::RehashNames(_)
            | Self::RevokeToken(_)
            | Self::RevokeTokens(_)
            | Self::LiftBan(_)
            | Self::JoinCampaign(_)
            | Self::AddInvite(_)
            | Self::JoinGuild(_)
            | Self::LeaveGuild(_)
            | Self::DisbandGuild(_)
            | Self::SetRank(_)
            | Self::EnterPlay(_)
            | Self::PutEscrow(_)
            | Self::TakeEscrow(_)
            | Self::RestoreShip(_) => Vec::new(),
        }
    }
}

fn of_name(name: &NameRow) -> Vec<&str> {
    vec![&name.key, &name.display, &name.skeleton]
}
