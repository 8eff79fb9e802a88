//! Acts on a board: what may be done to tokens, layers, labels and areas, and dice. Pure; a board's process calls it.
//!
//! The uploaded document is the [`Base`] and never changes; [`ActState`] lies over it. [`ActState::apply`] judges an
//! act and does it, and tells how it looks to GMs and to everybody else; [`ActState::view`] is what a joiner is sent.
//! Both are made by the one allow-list in `acts/projection.rs`: what is hidden is in neither.

//! ```
//! use guildhall_rules::acts::{Actor, ActLimits, ActState, Base, Deed, Drawn, Projection};
//! use guildhall_rules::dice::Seed;
//! use guildhall_rules::rights::Role;
//! use uuid::Uuid;
//!
//! let (base, limits) = (Base::default(), ActLimits::default());
//! let gm = Actor { account: Uuid::now_v7(), role: Some(Role::Gm) };
//! let drawn = Drawn { seed: Seed([7; 32]), at_us: 1_800_000_000_000_000 };
//! let mut state = ActState::default();
//!
//! // As it came over the wire.
//! let token = Uuid::now_v7();
//! let text = format!(r#"{{"kind": "place", "token": "{token}", "at": [3, 4.5], "hidden": true}}"#);
//! let deed: Deed = serde_json::from_str(&text)?;
//! let placed = state.apply(&base, &gm, (Uuid::now_v7(), deed), &drawn, &limits)?;
//! assert_eq!((placed.full.seq, placed.open), (1, None));
//!
//! // Joiners fold what comes after their view, each in the sequence of his projection.
//! let mut seen = state.view(&base, Projection::of(Role::Player));
//! let deed: Deed = serde_json::from_str(&format!(r#"{{"kind": "reveal", "what": {{"token": "{token}"}}}}"#))?;
//! let shown = state.apply(&base, &gm, (Uuid::now_v7(), deed), &drawn, &limits)?;
//! seen.fold(shown.open.as_ref().ok_or("everybody sees it")?)?;
//! assert_eq!(seen, state.view(&base, Projection::Open));
//!
//! // A checkpoint and the records after it are the state again.
//! let mut restored = ActState::decode(&ActState::default().encode()?)?;
//! restored.replay(&base, placed.record)?;
//! restored.replay(&base, shown.record)?;
//! assert_eq!(restored, state);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apply;
mod base;
mod codec;
mod deed;
mod head;
mod judge;
mod limits;
mod measure;
mod ops;
mod projection;
mod refusal;
mod resume;
mod state;
#[cfg(test)]
mod tests;
mod things;
mod view;

pub use apply::{ActRecord, Actor, Applied, Drawn, ReplayFault};
pub use codec::{CodecFault, SCHEMA_VERSION};
pub use deed::{Deed, Hide, LabelOn, Reveal};
pub use head::HeadMoved;
pub use limits::{ACT_BYTES_MAX, ActLimits, ROLLS_KEPT};
pub use measure::{Cells, Degrees, Point, Size};
pub use ops::{OpMemory, Outcome, Recall, RequestHash, request_hash};
pub use projection::Projection;
pub use refusal::ActRefusal;
pub use resume::{Lost, Position, Present, Resume, resume};
pub use state::ActState;
pub use things::{Base, Label, Layer, Roll, Token};
pub use view::{ActView, Change, Gap, View};
