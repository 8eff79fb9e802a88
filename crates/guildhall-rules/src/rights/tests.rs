//! Tests of `rights`.
