//! One bad update sinks no other: what a second writer on the database file can do to saves and names, seen
//! from the players' sockets and read back from the file. The window is long in these tests, so that they
//! say themselves what shares a batch.

mod locked;
mod names;
mod one_batch;
mod random_batches;
mod refused_saves;
mod scene;
mod second_writer;
mod tokens;
