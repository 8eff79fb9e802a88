//! Tests of `clocks`.
