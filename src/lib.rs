//! Guildhall's server: every connection is a supervised process.
//! Read along the data path: `routes` → `auth` → `socket` → `session` → `board_sync` / `campaign` /
//! `guild` / `character` → `names` → `persistence` → `guildhall_store`. `tree` says what is started, in
//! which order; `hall` is what a process may reach; `server` starts and stops the whole.

pub mod accounts;
pub mod admin;
pub mod auth;
pub mod board_sync;
pub mod campaign;
pub mod character;
pub mod clock;
pub mod config;
pub mod demo;
pub mod endpoint;
pub mod escrow;
pub mod guild;
pub mod hall;
pub mod names;
pub mod people;
pub mod persistence;
pub mod presence;
pub mod probe;
pub mod refusal;
pub mod restore;
pub mod retention;
pub mod routes;
pub mod server;
pub mod session;
pub mod socket;
pub mod store;
pub mod tree;
pub mod waiting;

#[cfg(doctest)]
#[doc = include_str!("../docs/testing-actors.md")]
mod testing_actors {}
