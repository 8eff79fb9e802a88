//! Who may do what: roles in a campaign and on its boards, ranks in a guild, and one table for each.
//!
//! The process that owns the campaign or guild asks here with the role it holds itself, never with one
//! that a client claims. A stranger is `None`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod board;
#[cfg(test)]
mod tests;

pub use board::{BoardAct, may_on_board};

/// What a member is in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the game. A campaign may have several.
    Gm,
    /// Plays in it.
    Player,
    /// Looks on.
    Spectator,
}

/// What a member is in a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rank {
    /// Founded or inherited the guild.
    Leader,
    /// Helps to run it.
    Officer,
    /// Belongs to it.
    Member,
}

/// What one may want to do in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CampaignAct {
    /// Make an invite code.
    Invite,
    /// Add a board.
    CreateBoard,
    /// Open a board, see and download it.
    OpenBoard,
    /// Upload a new revision of a board.
    UploadBoard,
    /// Look at content that was kept although another commit won.
    SeeSideRevisions,
    /// See who belongs to the campaign.
    SeeMembers,
}

/// What one may want to do in a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GuildAct {
    /// See the guild, its members and its ship.
    See,
    /// Hand out the invite code.
    Invite,
    /// Save the ship.
    SaveShip,
    /// Give to the ship or take from it by escrow, with one's characters.
    Exchange,
    /// Change the rank of a member.
    SetRank,
    /// Put a member out, of a lower rank than one's own.
    Kick,
    /// End the guild.
    Disband,
}

/// The value is none of the words that the enum knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a known {1}")]
pub struct UnknownWord(pub String, pub &'static str);

/// Why an act was denied. `rule` is stable, `sentence` is for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Denied {
    pub rule: &'static str,
    pub sentence: String,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Gm, Role::Player, Role::Spectator];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Gm => "gm",
            Role::Player => "player",
            Role::Spectator => "spectator",
        }
    }
}

impl Rank {
    pub const ALL: [Rank; 3] = [Rank::Leader, Rank::Officer, Rank::Member];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Rank::Leader => "leader",
            Rank::Officer => "officer",
            Rank::Member => "member",
        }
    }
}

impl CampaignAct {
    pub const ALL: [CampaignAct; 6] = [
        CampaignAct::Invite,
        CampaignAct::CreateBoard,
        CampaignAct::OpenBoard,
        CampaignAct::UploadBoard,
        CampaignAct::SeeSideRevisions,
        CampaignAct::SeeMembers,
    ];

    /// (stable rule, what it lets one do, roles that may): the campaign's table, one row per act.
    fn row(self) -> (&'static str, &'static str, &'static [Role]) {
        use Role::Gm;
        match self {
            CampaignAct::Invite => ("campaign.invite", "invite people", &[Gm]),
            CampaignAct::CreateBoard => ("board.create", "create a board", &[Gm]),
            CampaignAct::OpenBoard => ("board.open", "open a board", &Role::ALL),
            CampaignAct::UploadBoard => ("board.upload", "upload a board", &[Gm]),
            CampaignAct::SeeSideRevisions => ("board.sides", "see side revisions", &[Gm]),
            CampaignAct::SeeMembers => ("campaign.members", "see the members", &Role::ALL),
        }
    }
}

impl GuildAct {
    pub const ALL: [GuildAct; 7] = [
        GuildAct::See,
        GuildAct::Invite,
        GuildAct::SaveShip,
        GuildAct::Exchange,
        GuildAct::SetRank,
        GuildAct::Kick,
        GuildAct::Disband,
    ];

    /// (stable rule, what it lets one do, ranks that may): the guild's table, one row per act.
    fn row(self) -> (&'static str, &'static str, &'static [Rank]) {
        use Rank::{Leader, Officer};
        match self {
            GuildAct::See => ("guild.see", "see the guild", &Rank::ALL),
            GuildAct::Invite => ("guild.invite", "invite people", &[Leader, Officer]),
            // Every rank for now: whoever sails saves. Narrow it here when guilds ask for it.
            GuildAct::SaveShip => ("ship.save", "save the ship", &Rank::ALL),
            GuildAct::Exchange => ("ship.exchange", "exchange with the ship", &Rank::ALL),
            GuildAct::SetRank => ("guild.set_rank", "set ranks", &[Leader]),
            GuildAct::Kick => ("guild.kick", "put members out", &[Leader, Officer]),
            GuildAct::Disband => ("guild.disband", "disband the guild", &[Leader]),
        }
    }
}

/// May somebody with this role do this in the campaign? `None` is somebody who is no member.
pub fn may(role: Option<Role>, act: CampaignAct) -> Result<(), Denied> {
    let (rule, deed, allowed) = act.row();
    decide(role, rule, deed, allowed, "campaign")
}

/// May somebody with this rank do this in the guild? `None` is somebody who is no member.
pub fn may_in_guild(rank: Option<Rank>, act: GuildAct) -> Result<(), Denied> {
    let (rule, deed, allowed) = act.row();
    decide(rank, rule, deed, allowed, "guild")
}

/// May somebody with this rank put out a member of rank `target`? Nobody puts out his equal: a leader
/// takes another's rank first.
pub fn may_kick(rank: Option<Rank>, target: Rank) -> Result<(), Denied> {
    may_in_guild(rank, GuildAct::Kick)?;
    match rank {
        Some(rank) if rank < target => Ok(()),
        _ => Err(Denied {
            rule: "guild.kick_lower",
            sentence: format!("A {target} can be put out by a higher rank only."),
        }),
    }
}

fn decide<T: PartialEq + fmt::Display>(
    held: Option<T>,
    rule: &'static str,
    deed: &str,
    allowed: &[T],
    place: &str,
) -> Result<(), Denied> {
    let sentence = match held {
        Some(held) if allowed.contains(&held) => return Ok(()),
        Some(held) => format!("In this {place} you are {held}, and a {held} may not {deed}."),
        None => format!("Only members of the {place} may {deed}, and you are none."),
    };
    Err(Denied { rule, sentence })
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == word);
        found.ok_or_else(|| UnknownWord(word.to_owned(), "role"))
    }
}

impl FromStr for Rank {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|rank| rank.as_str() == word);
        found.ok_or_else(|| UnknownWord(word.to_owned(), "rank"))
    }
}
