//! What somebody sees of a board, and the acts that change it, in one projection. Clients fold with this code; it
//! knows nothing of what is hidden.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::limits::ROLLS_KEPT;
use super::measure::Point;
use super::projection::{Key, Thing};
use super::things::{Label, Layer, Roll, Token};

/// The board as one projection shows it, tokens and layers of the document included, after the act of number `seq`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    pub seq: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<Uuid, Token>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub layers: BTreeMap<Uuid, Layer>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Uuid, Label>,
    /// Uncovered polygons.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub areas: BTreeMap<Uuid, Vec<Point>>,
    /// The last 50, oldest first.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub rolls: VecDeque<Roll>,
    /// The last 50 that only GMs see.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub secret_rolls: VecDeque<Roll>,
}

/// An act as one projection shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActView {
    /// Its number in the sequence of the projection.
    pub seq: u64,
    /// The id that the client gave it.
    pub op: Uuid,
    /// The account that acted.
    pub by: Uuid,
    pub at_us: i64,
    pub changes: Vec<Change>,
}

/// One difference that an act makes to a view. What was not seen before and what was are set alike, and what is
/// gone may have been removed or hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    TokenSet {
        token: Uuid,
        #[serde(flatten)]
        piece: Token,
    },
    TokenGone {
        token: Uuid,
    },
    LayerSet {
        layer: Uuid,
        #[serde(flatten)]
        shown: Layer,
    },
    LayerGone {
        layer: Uuid,
    },
    LabelSet {
        label: Uuid,
        #[serde(flatten)]
        written: Label,
    },
    LabelGone {
        label: Uuid,
    },
    AreaSet {
        area: Uuid,
        points: Vec<Point>,
    },
    AreaGone {
        area: Uuid,
    },
    Rolled(Roll),
}

/// An act that does not follow on the one before: something between was not received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("act {found} came where {expected} was due")]
pub struct Gap {
    pub expected: u64,
    pub found: u64,
}

impl View {
    pub(super) fn at(seq: u64) -> Self {
        Self {
            seq,
            ..Self::default()
        }
    }

    /// Takes in the next act of this projection, or nothing if it is not the next.
    pub fn fold(&mut self, act: &ActView) -> Result<(), Gap> {
        let expected = self.seq.saturating_add(1);
        let found = act.seq;
        if found != expected {
            return Err(Gap { expected, found });
        }
        self.seq = found;
        for change in &act.changes {
            self.take(change.clone());
        }
        Ok(())
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::TokenSet { token, piece } => {
                self.put(Key::Token(token), Some(Thing::Token(piece)));
            }
            Change::TokenGone { token } => self.put(Key::Token(token), None),
            Change::LayerSet { layer, shown } => {
                self.put(Key::Layer(layer), Some(Thing::Layer(shown)));
            }
            Change::LayerGone { layer } => self.put(Key::Layer(layer), None),
            Change::LabelSet { label, written } => {
                self.put(Key::Label(label), Some(Thing::Label(written)));
            }
            Change::LabelGone { label } => self.put(Key::Label(label), None),
            Change::AreaSet { area, points } => {
                self.put(Key::Area(area), Some(Thing::Area(points)));
            }
            Change::AreaGone { area } => self.put(Key::Area(area), None),
            Change::Rolled(roll) => self.add_roll(roll),
        }
    }

    pub(super) fn put(&mut self, key: Key, thing: Option<Thing>) {
        match (key, thing) {
            (Key::Token(id), Some(Thing::Token(token))) => drop(self.tokens.insert(id, token)),
            (Key::Layer(id), Some(Thing::Layer(layer))) => drop(self.layers.insert(id, layer)),
            (Key::Label(id), Some(Thing::Label(label))) => drop(self.labels.insert(id, label)),
            (Key::Area(id), Some(Thing::Area(points))) => drop(self.areas.insert(id, points)),
            (Key::Token(id), _) => drop(self.tokens.remove(&id)),
            (Key::Layer(id), _) => drop(self.layers.remove(&id)),
            (Key::Label(id), _) => drop(self.labels.remove(&id)),
            (Key::Area(id), _) => drop(self.areas.remove(&id)),
        }
    }

    pub(super) fn add_roll(&mut self, roll: Roll) {
        keep_roll(&mut self.rolls, &mut self.secret_rolls, roll);
    }
}

/// Puts a roll behind those of its kind; the oldest goes.
pub(super) fn keep_roll(open: &mut VecDeque<Roll>, secret: &mut VecDeque<Roll>, roll: Roll) {
    let rolls = if roll.secret { secret } else { open };
    rolls.push_back(roll);
    while rolls.len() > ROLLS_KEPT {
        rolls.pop_front();
    }
}

/// The difference that makes `after` of one thing.
pub(super) fn change_of(key: Key, after: Option<Thing>) -> Change {
    match (key, after) {
        (Key::Token(token), Some(Thing::Token(piece))) => Change::TokenSet { token, piece },
        (Key::Layer(layer), Some(Thing::Layer(shown))) => Change::LayerSet { layer, shown },
        (Key::Label(label), Some(Thing::Label(written))) => Change::LabelSet { label, written },
        (Key::Area(area), Some(Thing::Area(points))) => Change::AreaSet { area, points },
        (Key::Token(token), _) => Change::TokenGone { token },
        (Key::Layer(layer), _) => Change::LayerGone { layer },
        (Key::Label(label), _) => Change::LabelGone { label },
        (Key::Area(area), _) => Change::AreaGone { area },
    }
}
