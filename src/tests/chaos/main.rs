//! Kills the real server while clients save, and looks for what was lost.

fn main() {}
