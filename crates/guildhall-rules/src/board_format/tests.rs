//! Tests of `board_format`.
