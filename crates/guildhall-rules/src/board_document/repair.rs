//! Mends a document in which ids are there twice: the first keeps its id, every later one gets a fresh one, and
//! all other bytes stay as they are. A reference goes on meaning the first thing of its kind that had the id,
//! but for a layer that is hidden: what may have been meant for GMs only does not come to light by a repair.

use std::collections::{HashMap, HashSet};

use uuid::{Builder, Uuid};

use super::Document;
use super::identity::{Kind, Spot, names, references};
use super::read::ID_CHARS;

/// Bytes that are good, and how they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    pub bytes: Vec<u8>,
    /// In the order of the text.
    pub changes: Vec<Mended>,
}

/// One id that is another now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Where in the document: `$.tokens[3].id`.
    pub path: String,
    pub was: Uuid,
    pub is: Uuid,
}

/// The repair of a document in which nothing but doubled ids is wrong.
pub(super) fn repair(bytes: &[u8], document: &Document) -> Repaired {
    let mut fresh = Fresh::new(bytes, document);
    let mut meant = Meant::default();
    let mut changed: Vec<(Spot, Uuid)> = Vec::new();
    let mut seen = HashSet::new();
    for spot in names(document) {
        let was = spot.id.value;
        let is = match seen.insert(was) {
            true => was,
            false => fresh.next_id(),
        };
        meant.note(document, &spot, is);
        changed.push((spot, is));
    }
    for spot in references(document) {
        changed.push((spot, meant.by(&spot)));
    }
    changed.retain(|(spot, is)| spot.id.value != *is);
    changed.sort_by_key(|(spot, _)| spot.id.place);
    Repaired {
        bytes: written(bytes, &changed),
        changes: changed.iter().map(mended).collect(),
    }
}

fn mended((spot, is): &(Spot, Uuid)) -> Mended {
    Mended {
        path: spot.path(),
        was: spot.id.value,
        is: *is,
    }
}

fn written(bytes: &[u8], changed: &[(Spot, Uuid)]) -> Vec<u8> {
    let mut written = bytes.to_vec();
    for (spot, is) in changed {
        let end = spot.id.place.saturating_add(ID_CHARS);
        if let Some(place) = written.get_mut(spot.id.place..end) {
            place.copy_from_slice(is.to_string().as_bytes());
        }
    }
    written
}

/// What references mean, by kind and the id that they are written with.
#[derive(Default)]
struct Meant {
    layers: HashMap<Uuid, (Uuid, bool)>,
    assets: HashMap<Uuid, Uuid>,
}

impl Meant {
    fn note(&mut self, document: &Document, spot: &Spot, is: Uuid) {
        let was = spot.id.value;
        match spot.of {
            (Kind::Layer, index) => {
                let hidden = document.layers.get(index).is_some_and(|layer| layer.hidden);
                let known = self.layers.entry(was).or_insert((is, hidden));
                if hidden && !known.1 {
                    *known = (is, true);
                }
            }
            (Kind::Asset, _) => drop(self.assets.entry(was).or_insert(is)),
            (Kind::Token, _) => {}
        }
    }

    fn by(&self, spot: &Spot) -> Uuid {
        let was = spot.id.value;
        let is = match spot.refers_to {
            Some(Kind::Layer) => self.layers.get(&was).map(|(is, _)| *is),
            _ => self.assets.get(&was).copied(),
        };
        is.unwrap_or(was)
    }
}

/// Ids that the document does not have. They come from its bytes: who asks twice is answered alike.
struct Fresh {
    seed: blake3::Hash,
    drawn: u64,
    used: HashSet<Uuid>,
}

impl Fresh {
    fn new(bytes: &[u8], document: &Document) -> Self {
        Self {
            seed: blake3::hash(bytes),
            drawn: 0,
            used: names(document).map(|spot| spot.id.value).collect(),
        }
    }

    fn next_id(&mut self) -> Uuid {
        loop {
            self.drawn = self.drawn.wrapping_add(1);
            let hash = blake3::keyed_hash(self.seed.as_bytes(), &self.drawn.to_le_bytes());
            let mut bytes = [0; 16];
            let drawn = bytes.iter_mut().zip(hash.as_bytes());
            drawn.for_each(|(byte, drawn)| *byte = *drawn);
            let id = Builder::from_custom_bytes(bytes).into_uuid();
            if self.used.insert(id) {
                return id;
            }
        }
    }
}
