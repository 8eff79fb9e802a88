//! What is about SQLite alone. These run on a file, whatever the environment says.

mod locks;
mod opening;
mod triggers;
