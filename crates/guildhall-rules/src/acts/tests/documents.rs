//! The base of a document, and that acts and the document's open form agree on what is hidden.

use std::collections::BTreeSet;

use super::*;
use crate::board_document::document;
use crate::board_format::{BoardFormat, FormatLimits};

const TEXT: &str = r#"{"format": "guildhall.board/1", "size": [40, 30],
 "layers": [{"id": "00000000-0000-0000-0000-000000000020", "name": "ground", "at": [0, 0], "size": [40, 30]},
  {"id": "00000000-0000-0000-0000-000000000021", "hidden": true, "gm": "canary"}],
 "tokens": [{"id": "00000000-0000-0000-0000-000000000010", "layer": "00000000-0000-0000-0000-000000000020",
   "at": [1.5, 2], "name": "Ogre", "size": [2, 0.5], "rotation": -90,
   "owners": ["00000000-0000-0000-0000-0000000000a1"], "gm": "canary"},
  {"id": "00000000-0000-0000-0000-000000000011", "layer": "00000000-0000-0000-0000-000000000020", "at": [3, 3],
   "hidden": true},
  {"id": "00000000-0000-0000-0000-000000000012", "layer": "00000000-0000-0000-0000-000000000021", "at": [4, 4]}]}"#;

#[test]
fn a_document_is_the_base_of_its_acts() {
    let limits = FormatLimits::default();
    let base = Base::from(&document(TEXT.as_bytes(), &limits).unwrap());
    let ogre = Token {
        rotation: Degrees::new(270.0).unwrap(),
        size: Size(Cells::new(2.0).unwrap(), Cells::new(0.5).unwrap()),
        name: "Ogre".to_owned(),
        owners: [PLAYER.account].into(),
        layer: Some(SHOWN_LAYER),
        ..Token::new(at(1.5, 2.0))
    };
    assert_eq!(base.tokens[&OPEN], ogre);
    assert!(base.tokens[&HIDDEN].hidden && base.layers[&HIDDEN_LAYER].hidden);
    assert!(!serde_json::to_string(&base).unwrap().contains("canary"));
}

#[test]
fn before_the_first_act_players_see_what_is_in_the_open_form() {
    let limits = FormatLimits::default();
    let base = Base::from(&document(TEXT.as_bytes(), &limits).unwrap());
    let checked = crate::board_document::BoardDocument.check(TEXT.as_bytes(), &limits);
    let open = checked.unwrap().open.unwrap();
    let open = Base::from(&document(&open, &limits).unwrap());
    let view = ActState::default().view(&base, Projection::Open);
    assert_eq!((&view.tokens, &view.layers), (&open.tokens, &open.layers));
    assert_eq!(
        view.tokens.into_keys().collect::<BTreeSet<_>>(),
        [OPEN].into()
    );
}
