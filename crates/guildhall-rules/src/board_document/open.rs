//! What everybody may have of a document, written anew. These types are the list of what may be seen: a field
//! that the format gains is hidden until it is named here.

use std::collections::HashSet;

use serde::Serialize;
use uuid::Uuid;

use super::{Asset, Document, Grid, Layer, Media, Token};
use crate::board_format::{FORMAT_BOARD, FormatRefusal};

#[derive(Serialize)]
struct OpenDocument<'d> {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'d str>,
    size: [f64; 2],
    grid: Grid,
    layers: Vec<OpenLayer<'d>>,
    assets: Vec<OpenAsset<'d>>,
    tokens: Vec<OpenToken<'d>>,
}

#[derive(Serialize)]
struct OpenLayer<'d> {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<[f64; 2]>,
}

#[derive(Serialize)]
struct OpenAsset<'d> {
    id: Uuid,
    media: Media,
    hash: &'d str,
}

#[derive(Serialize)]
struct OpenToken<'d> {
    id: Uuid,
    layer: Uuid,
    at: [f64; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    owners: &'d [Uuid],
}

/// The open form of a document whose ids are good. It is a document itself, with nothing hidden in it.
pub(super) fn project(document: &Document) -> Result<Vec<u8>, FormatRefusal> {
    let layers = document.layers.iter().filter(|layer| !layer.hidden);
    let layers: Vec<_> = layers.map(open_layer).collect();
    let seen: HashSet<Uuid> = layers.iter().map(|layer| layer.id).collect();
    let tokens = document.tokens.iter();
    let tokens = tokens.filter(|token| !token.hidden && seen.contains(&token.layer.value));
    let tokens: Vec<_> = tokens.map(open_token).collect();
    let of_layers = layers.iter().filter_map(|layer| layer.asset);
    let of_tokens = tokens.iter().filter_map(|token| token.asset);
    let shown: HashSet<Uuid> = of_layers.chain(of_tokens).collect();
    let assets = document.assets.iter();
    let assets = assets.filter(|asset| shown.contains(&asset.id.value));
    let open = OpenDocument {
        format: FORMAT_BOARD,
        name: document.name.as_deref(),
        size: document.size,
        grid: document.grid,
        assets: assets.map(open_asset).collect(),
        layers,
        tokens,
    };
    serde_json::to_vec(&open).map_err(|error| {
        let sentence =
            format!("What players would see of the document cannot be written: {error}.");
        FormatRefusal::new("document.projection", sentence)
    })
}

fn open_layer(layer: &Layer) -> OpenLayer<'_> {
    OpenLayer {
        id: layer.id.value,
        name: layer.name.as_deref(),
        asset: layer.asset.map(|asset| asset.value),
        at: layer.at,
        size: layer.size,
    }
}

fn open_asset(asset: &Asset) -> OpenAsset<'_> {
    OpenAsset {
        id: asset.id.value,
        media: asset.media,
        hash: &asset.hash,
    }
}

fn open_token(token: &Token) -> OpenToken<'_> {
    OpenToken {
        id: token.id.value,
        layer: token.layer.value,
        at: token.at,
        name: token.name.as_deref(),
        asset: token.asset.map(|asset| asset.value),
        size: token.size,
        rotation: token.rotation,
        owners: &token.owners,
    }
}
