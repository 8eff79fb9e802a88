//! The rules of Guildhall as plain functions and values: who may do what, which names and maps are good,
//! when a session is quiet for too long, how much may wait in an outbox.
//!
//! Nothing here reads a clock, a file or a random number; time comes in as a `Duration` since an origin
//! that the caller chose, chance as a seed. Processes drive these values, the store and the wire share their types.

pub mod acts;
pub mod advice;
pub mod board_document;
pub mod board_format;
pub mod bucket;
pub mod clocks;
pub mod dice;
pub mod doors;
pub mod frames;
pub mod kept;
pub mod limits;
pub mod lockout;
pub mod login;
pub mod names;
pub mod outbox;
pub mod realm;
pub mod reason;
pub mod retention;
pub mod rights;
pub mod saving;
pub mod universal_vtt;
pub mod upload;
pub mod wall;

pub use board_format::{
    BoardFormat, Checked, FORMAT_BOARD, FORMAT_OPAQUE, FORMAT_UNIVERSAL_VTT, FormatLimits,
    FormatRefusal, Summary, Warning, by_name,
};
pub use clocks::{ClockEvent, ClockLimits, Clocks};
pub use limits::Limits;
pub use login::{LoginKey, LoginRefusal, login_key, password_ok};
pub use names::{KEY_VERSION, NameKey, NameRefusal, NameRule, name_key};
pub use outbox::{Outbox, OutboxLimits, Overflow};
pub use realm::realm_name_ok;
pub use reason::reason_ok;
pub use retention::RetentionLimits;
pub use rights::{CampaignAct, Denied, GuildAct, Rank, Role, may, may_in_guild};
pub use saving::{SavingLimits, SavingSight, SavingState, next_state};
pub use upload::{ChunkRefusal, Incomplete, UploadState};
