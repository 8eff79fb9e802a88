//! What everybody gets of a document: all that is shown, and nothing else.

use proptest::prelude::*;

use super::*;

#[test]
fn the_open_form_of_the_sample_is_as_written_here() {
    let expected = json!({
        "format": "guildhall.board/1",
        "name": "Die Höhle",
        "size": [40.0, 30.5],
        "grid": "square",
        "layers": [
            {"id": id(1), "name": "Ground", "asset": id(10), "at": [0.0, 0.0], "size": [40.0, 30.5]},
            {"id": id(3)},
        ],
        "assets": [
            {"id": id(10), "media": "image/webp", "hash": "a".repeat(64)},
            {"id": id(11), "media": "image/png", "hash": "b".repeat(64)},
        ],
        "tokens": [
            {"id": id(20), "layer": id(1), "at": [1.5, 2.0], "name": "Ogre", "asset": id(11),
             "size": [2.0, 2.0], "rotation": -90.0, "owners": [id(90), id(91)]},
            {"id": id(21), "layer": id(3), "at": [0.0, 0.0]},
        ],
    });
    assert_eq!(open(&sample()), expected);
}

#[test]
fn only_this_format_hides_and_the_others_are_wholly_visible() {
    let hides = |name| by_name(name).unwrap().hides();
    assert!(BoardDocument.hides());
    assert!(!hides(crate::FORMAT_OPAQUE));
    assert!(!hides(crate::FORMAT_UNIVERSAL_VTT));
    let limits = FormatLimits::default();
    let opaque = by_name(crate::FORMAT_OPAQUE).unwrap();
    assert_eq!(opaque.check(b"bytes", &limits).unwrap().open, None);
}

/// What a layer or a token is made of in a random document.
#[derive(Clone, Debug)]
struct Thing {
    hidden: bool,
    layer: usize,
    asset: Option<usize>,
}

fn thing() -> impl Strategy<Value = Thing> {
    (any::<bool>(), 0..8_usize, proptest::option::of(0..8_usize)).prop_map(
        |(hidden, layer, asset)| Thing {
            hidden,
            layer,
            asset,
        },
    )
}

fn things(max: usize) -> impl Strategy<Value = Vec<Thing>> {
    proptest::collection::vec(thing(), 0..max)
}

const ASSETS: usize = 8;

fn asset_id(asset: usize) -> String {
    id(0xA55E_7000 + asset)
}

fn asset_hash(asset: usize) -> String {
    format!("{asset:02x}").repeat(32)
}

/// A document of these things. Everything that may be hidden has a canary in every field that takes one.
struct World {
    layers: Vec<Thing>,
    tokens: Vec<Thing>,
}

impl World {
    fn new(layers: Vec<Thing>, mut tokens: Vec<Thing>) -> Self {
        tokens
            .iter_mut()
            .for_each(|token| token.layer %= layers.len().max(1));
        if layers.is_empty() {
            tokens.clear();
        }
        Self { layers, tokens }
    }

    fn layer_id(index: usize) -> String {
        id(0x1A7E_0000 + index)
    }

    fn token_id(index: usize) -> String {
        id(0x70CE_0000 + index)
    }

    fn shows_layer(&self, index: usize) -> bool {
        !self.layers[index].hidden
    }

    fn shows_token(&self, index: usize) -> bool {
        !self.tokens[index].hidden && self.shows_layer(self.tokens[index].layer)
    }

    fn shows_asset(&self, asset: usize) -> bool {
        let layers = (0..self.layers.len()).filter(|n| self.shows_layer(*n));
        let tokens = (0..self.tokens.len()).filter(|n| self.shows_token(*n));
        layers
            .map(|n| &self.layers[n])
            .chain(tokens.map(|n| &self.tokens[n]))
            .any(|thing| thing.asset == Some(asset))
    }

    fn document(&self) -> Value {
        let name = |shown: bool| if shown { "shown" } else { "canary" };
        let of = |thing: &Thing, id: String, shown: bool| {
            let mut it = json!({
                "id": id, "hidden": thing.hidden, "name": name(shown), "at": [1, 2], "size": [3, 4],
                "gm": {"note": ["canary"]}, "canary": 1, "colour": "canary",
            });
            if let Some(asset) = thing.asset {
                it["asset"] = json!(asset_id(asset));
            }
            it
        };
        let layers = self.layers.iter().enumerate();
        let layers = layers.map(|(n, layer)| of(layer, Self::layer_id(n), self.shows_layer(n)));
        let tokens = self.tokens.iter().enumerate().map(|(n, token)| {
            let mut it = of(token, Self::token_id(n), self.shows_token(n));
            it["layer"] = json!(Self::layer_id(token.layer));
            it
        });
        let assets = (0..ASSETS).map(|n| {
            json!({"id": asset_id(n), "media": "image/png", "hash": asset_hash(n), "gm": "canary",
                "file": "canary.png"})
        });
        json!({
            "format": FORMAT_BOARD, "name": "shown", "size": [9, 9], "gm": "canary", "canary": [{}],
            "layers": layers.collect::<Vec<_>>(), "assets": assets.collect::<Vec<_>>(),
            "tokens": tokens.collect::<Vec<_>>(),
        })
    }

    /// Every id and hash with whether it may be seen.
    fn marks(&self) -> Vec<(String, bool)> {
        let layers = (0..self.layers.len()).map(|n| (Self::layer_id(n), self.shows_layer(n)));
        let tokens = (0..self.tokens.len()).map(|n| (Self::token_id(n), self.shows_token(n)));
        let assets = (0..ASSETS).flat_map(|n| {
            let shown = self.shows_asset(n);
            [(asset_id(n), shown), (asset_hash(n), shown)]
        });
        layers.chain(tokens).chain(assets).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_hidden_is_in_no_byte_of_the_open_form_and_what_is_shown_is_in_it(
        layers in things(8), tokens in things(24),
    ) {
        let world = World::new(layers, tokens);
        let full = world.document().to_string();
        let open = check_bytes(full.as_bytes()).unwrap().open.unwrap();
        let open = String::from_utf8(open).unwrap();
        // The checker's own control: the whole document has what is looked for.
        prop_assert!(full.contains("canary"));
        prop_assert!(!open.contains("canary"), "{open}");
        for (mark, shown) in world.marks() {
            prop_assert!(full.contains(&mark));
            prop_assert_eq!(open.contains(&mark), shown, "{} in {}", mark, open);
        }
    }

    #[test]
    fn the_open_form_is_a_good_document_that_hides_nothing_and_is_its_own_open_form(
        layers in things(8), tokens in things(24), far in -4096.0..4096.0_f64,
    ) {
        let mut document = World::new(layers, tokens).document();
        if let Some(token) = document["tokens"].get_mut(0) {
            token["at"][0] = json!(far);
        }
        let open = check(&document).unwrap().open.unwrap();
        let again = check_bytes(&open).unwrap();
        prop_assert_eq!(again.warnings.len(), 0);
        let Summary::Document(summary) = again.summary else { panic!() };
        prop_assert_eq!(summary.hidden, 0);
        prop_assert_eq!(again.open.unwrap(), open);
    }
}
