//! PostgreSQL. A failing statement takes its whole transaction along, so whatever may be refused runs in
//! a savepoint. The saves of a batch go in few statements over arrays; a row that is refused is named by
//! the database, left out, and written (or refused) by itself.

mod bulk;
mod connect;
mod errors;
mod slow;
mod statements;

pub(super) use bulk::save_many;
pub(crate) use connect::{connect, end_former, foreign_language, hold_world, holder, sign_world};
pub(crate) use errors::is_away;
pub(super) use errors::{cause, is_delay, is_disk_full, is_environment, is_outage, is_too_slow};
pub(super) use slow::{others_are_quick, set_deadline};
pub(super) use statements::{history, update};
