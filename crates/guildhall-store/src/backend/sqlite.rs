//! SQLite. A failing statement takes back only itself and the transaction lives. What could end the
//! whole transaction (`RAISE(ROLLBACK)` in a trigger) is seen, and the batch is run again without the
//! write that did it.

mod checkpoint;
mod connect;
mod errors;
mod statements;

pub(super) use checkpoint::checkpoint_if_due;
pub(crate) use connect::{connect, expect_database, prepare};
pub(super) use errors::{cause, constraint, is_environment};
pub(super) use statements::{history, transaction_is_gone, update};
