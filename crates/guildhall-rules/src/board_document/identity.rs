//! Is every id there once, among layers, assets and tokens together, and does every reference lead somewhere?
//! What is there twice is told last, so that nothing else is wrong with a document that can be repaired.

use std::collections::{HashMap, HashSet};

use super::{Document, Id};
use crate::board_format::FormatRefusal;

/// What an id names or refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Layer,
    Asset,
    Token,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Layer => "layer",
            Self::Asset => "asset",
            Self::Token => "token",
        }
    }

    /// The list that such things are in.
    fn list(self) -> &'static str {
        match self {
            Self::Layer => "layers",
            Self::Asset => "assets",
            Self::Token => "tokens",
        }
    }
}

/// An id and what it is there for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub id: Id,
    /// What has the id, and which of its list it is.
    pub of: (Kind, usize),
    /// What is meant by it, when it is a reference.
    pub refers_to: Option<Kind>,
}

impl Spot {
    pub(super) fn path(&self) -> String {
        let (kind, index) = self.of;
        let field = self.refers_to.map_or("id", Kind::word);
        format!("$.{}[{index}].{field}", kind.list())
    }
}

/// The ids that name something: of layers first, then of assets, then of tokens.
pub(super) fn names(document: &Document) -> impl Iterator<Item = Spot> + '_ {
    let layers = document.layers.iter().map(|layer| layer.id).enumerate();
    let assets = document.assets.iter().map(|asset| asset.id).enumerate();
    let tokens = document.tokens.iter().map(|token| token.id).enumerate();
    let spot = |kind| {
        move |(index, id)| Spot {
            id,
            of: (kind, index),
            refers_to: None,
        }
    };
    layers
        .map(spot(Kind::Layer))
        .chain(assets.map(spot(Kind::Asset)))
        .chain(tokens.map(spot(Kind::Token)))
}

/// The ids that refer to something.
pub(super) fn references(document: &Document) -> impl Iterator<Item = Spot> + '_ {
    let spot = |of, id, kind| Spot {
        id,
        of,
        refers_to: Some(kind),
    };
    let layers = document.layers.iter().enumerate();
    let of_layers = layers.filter_map(move |(index, layer)| {
        let asset = layer.asset?;
        Some(spot((Kind::Layer, index), asset, Kind::Asset))
    });
    let tokens = document.tokens.iter().enumerate();
    let of_tokens = tokens.flat_map(move |(index, token)| {
        let of = (Kind::Token, index);
        let asset = token.asset.map(|asset| spot(of, asset, Kind::Asset));
        std::iter::once(spot(of, token.layer, Kind::Layer)).chain(asset)
    });
    of_layers.chain(of_tokens)
}

pub(super) fn check(document: &Document) -> Result<(), FormatRefusal> {
    every_reference_leads_somewhere(document)?;
    every_id_is_there_once(document)
}

fn every_reference_leads_somewhere(document: &Document) -> Result<(), FormatRefusal> {
    let layers: HashSet<_> = document.layers.iter().map(|it| it.id.value).collect();
    let assets: HashSet<_> = document.assets.iter().map(|it| it.id.value).collect();
    for spot in references(document) {
        let (there, word) = match spot.refers_to {
            Some(Kind::Layer) => (&layers, Kind::Layer.word()),
            _ => (&assets, Kind::Asset.word()),
        };
        if !there.contains(&spot.id.value) {
            let sentence = format!("There is no {word} {}.", spot.id.value);
            return Err(FormatRefusal {
                path: Some(spot.path()),
                ..FormatRefusal::new("document.unknown_id", sentence)
            });
        }
    }
    Ok(())
}

fn every_id_is_there_once(document: &Document) -> Result<(), FormatRefusal> {
    let mut seen = HashMap::new();
    let mut twice: Option<(Spot, Spot)> = None;
    let mut more = 0_usize;
    for spot in names(document) {
        let first = *seen.entry(spot.id.value).or_insert(spot);
        if first.id == spot.id {
            continue;
        }
        match twice {
            None => twice = Some((first, spot)),
            Some(_) => more += 1,
        }
    }
    let Some((first, second)) = twice else {
        return Ok(());
    };
    let others = match more {
        0 => String::new(),
        n => format!(" {n} more ids are there twice."),
    };
    let sentence = format!(
        "The id {} is that of {} already.{others}",
        second.id.value,
        first.path().trim_end_matches(".id")
    );
    Err(FormatRefusal {
        path: Some(second.path()),
        repairable: true,
        ..FormatRefusal::new("document.duplicate_id", sentence)
    })
}
