//! Typed reads, grouped by thing; each takes a connection from `Database::read`. Their errors
//! are failures of the database; what is not there is `None` or an empty list.

mod accounts;
mod bans;
mod boards;
mod campaigns;
mod characters;
mod escrows;
mod guilds;
mod invites;
mod realms;
mod records;

pub use accounts::{
    AccountRow, LiveToken, account_by_id, account_by_login, account_by_token, services_of, token,
    token_account,
};
pub use bans::{BanRow, ban_of, bans};
pub use boards::{
    BoardRow, BoardWithHead, RevisionRow, board_by_id, board_with_head, boards_of,
    boards_with_heads, revision,
};
pub use campaigns::{CampaignMember, CampaignRow, campaign_by_id, campaigns_of, members_of};
pub use characters::{
    CharacterRow, CharacterSummaryRow, character, characters_of, characters_of_realm,
};
pub use escrows::{CrossedEscrow, EscrowFate, EscrowRow, crossed_escrows, open_escrows, was_given};
pub use guilds::{
    GuildMember, GuildRow, GuildSummaryRow, LedgerRow, LostShip, disbanded_realm, guild, guilds_of,
    ledger_of, lost_ship,
};
pub use invites::{InviteRow, invite_by_hash};
pub use realms::{RealmRow, all_realms, realm_by_id, realm_by_name};
pub use records::{HistoryRow, RefusedRow, history_of, refused_writes_of};

/// The rows of a list that one account's doings fill, at most.
pub const LIST_ROWS_MAX: i64 = 1_000;
