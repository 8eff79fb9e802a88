//! From a checked document to the base that acts lie over. What a document calls its things is kept; what it has for
//! GMs alone beside them is not taken in.

use super::measure::{Cells, Degrees, Point, Size};
use super::things::{Base, Layer, Token};
use crate::board_document::{self as document, Document};

impl From<&Document> for Base {
    fn from(document: &Document) -> Self {
        let tokens = document.tokens.iter();
        let layers = document.layers.iter();
        Self {
            tokens: tokens
                .map(|token| (token.id.value, token_of(token)))
                .collect(),
            layers: layers
                .map(|layer| (layer.id.value, layer_of(layer)))
                .collect(),
        }
    }
}

fn token_of(token: &document::Token) -> Token {
    Token {
        rotation: token.rotation.and_then(Degrees::new).unwrap_or_default(),
        size: token.size.map(size).unwrap_or_default(),
        asset: token.asset.map(|asset| asset.value),
        name: token.name.clone().unwrap_or_default(),
        owners: token.owners.iter().copied().collect(),
        layer: Some(token.layer.value),
        hidden: token.hidden,
        ..Token::new(point(token.at))
    }
}

fn layer_of(layer: &document::Layer) -> Layer {
    Layer {
        name: layer.name.clone().unwrap_or_default(),
        asset: layer.asset.map(|asset| asset.value),
        at: layer.at.map(point),
        size: layer.size.map(size),
        hidden: layer.hidden,
    }
}

/// A checked document has finite numbers only.
fn cells(cells: f64) -> Cells {
    Cells::new(cells).unwrap_or_default()
}

fn point([x, y]: [f64; 2]) -> Point {
    Point(cells(x), cells(y))
}

fn size([width, height]: [f64; 2]) -> Size {
    Size(cells(width), cells(height))
}
