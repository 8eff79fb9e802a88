//! How deeds, views and kept bytes are written, and what is made of what is written otherwise.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn parsed(value: &Value) -> Deed {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// The frozen spelling of each deed.
#[test]
fn every_deed_has_its_spelling() {
    let id = "00000000-0000-0000-0000-000000000014";
    let points = json!([[0, 1], [1, 1], [2, 1]]);
    let table = [
        json!({"kind": "place", "token": id, "at": [1, -2.5]}),
        json!({"kind": "place", "token": id, "at": [1, 2], "rotation": 90, "size": [2, 0.5], "asset": id, "name": "Anna",
            "owners": [id], "layer": id, "hidden": true}),
        json!({"kind": "move", "token": id, "at": [0.125, 4]}),
        json!({"kind": "rotate", "token": id, "degrees": 45.5}),
        json!({"kind": "remove", "token": id}),
        json!({"kind": "reveal", "what": {"token": id}}),
        json!({"kind": "reveal", "what": {"layer": id}}),
        json!({"kind": "reveal", "what": {"label": id}}),
        json!({"kind": "reveal", "what": {"area": {"id": id, "points": points}}}),
        json!({"kind": "hide", "what": {"token": id}}),
        json!({"kind": "hide", "what": {"layer": id}}),
        json!({"kind": "hide", "what": {"label": id}}),
        json!({"kind": "hide", "what": {"area": id}}),
        json!({"kind": "label", "on": {"token": id}, "text": "Anna"}),
        json!({"kind": "label", "on": {"board": {"label": id, "at": [0, 0], "hidden": true}}, "text": "here"}),
        json!({"kind": "roll", "dice": "2d20kh1+5"}),
        json!({"kind": "roll", "dice": "d6", "note": "to hit", "secret": true}),
    ];
    for value in table {
        let deed = parsed(&value);
        assert_eq!(serde_json::to_value(&deed).unwrap(), value);
        assert_eq!(value["kind"], deed.kind());
        let mut more = value.clone();
        more["from_tomorrow"] = json!({"a": [1]});
        assert_eq!(parsed(&more), deed);
    }
}

#[test]
fn what_is_no_deed_is_refused_by_the_reader() {
    let id = OPEN;
    let table = [
        json!({"kind": "fly", "token": id}),
        json!({"token": id}),
        json!({"kind": "move", "token": id}),
        json!({"kind": "move", "token": id, "at": [1]}),
        json!({"kind": "move", "token": id, "at": [1, null]}),
        json!({"kind": "move", "token": "Anna", "at": [1, 2]}),
        json!({"kind": "reveal", "what": {"board": id}}),
        json!({"kind": "roll"}),
        json!(null),
    ];
    for value in table {
        assert!(
            serde_json::from_value::<Deed>(value.clone()).is_err(),
            "{value}"
        );
    }
    let infinite =
        r#"{"kind": "move", "token": "00000000-0000-0000-0000-000000000014", "at": [1e999, 0]}"#;
    assert!(serde_json::from_str::<Deed>(infinite).is_err());
}

#[test]
fn an_act_and_a_view_have_their_spelling() {
    let base = Base::default();
    let mut state = ActState::default();
    act(&mut state, &base, &GM, place(ABSENT, token(1.5))).unwrap();
    let rolled = act(&mut state, &base, &GM, roll("2d6+1", false)).unwrap();
    let roll = json!({
        "by": GM.account, "at_us": drawn(2).at_us, "dice": "2d6+1", "seed": drawn(2).seed.to_string(),
        "terms": [{"faces": FACES, "sum": FACES[0] + FACES[1]}, {"sum": 1}], "total": FACES[0] + FACES[1] + 1,
    });
    let mut change = roll.clone();
    change["change"] = json!("rolled");
    let seen = serde_json::to_value(rolled.open).unwrap();
    assert_eq!(
        seen,
        json!({"seq": 2, "op": op(2), "by": GM.account, "at_us": drawn(2).at_us, "changes": [change]})
    );
    let view = serde_json::to_value(state.view(&base, Projection::Open)).unwrap();
    let tokens = json!({ABSENT.to_string(): {"at": [1.5, 0]}});
    assert_eq!(view, json!({"seq": 2, "tokens": tokens, "rolls": [roll]}));
}

/// What the seed of the second act throws.
const FACES: [u16; 2] = [5, 3];

#[test]
fn what_is_kept_has_its_version_and_what_is_of_another_is_refused() {
    let mut state = ActState::default();
    let applied = act(&mut state, &base(), &GM, roll("d20", true)).unwrap();
    let bytes = applied.record.encode().unwrap();
    let mut kept: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(kept["schema"], SCHEMA_VERSION);
    assert_eq!(kept["body"]["deed"]["kind"], "roll");

    kept["body"]["from_tomorrow"] = json!(1);
    let read = ActRecord::decode(kept.to_string().as_bytes()).unwrap();
    assert_eq!(read, applied.record);
    kept["schema"] = json!(SCHEMA_VERSION + 1);
    let read = ActRecord::decode(kept.to_string().as_bytes());
    assert!(
        matches!(read, Err(CodecFault::Schema { found: 2 })),
        "{read:?}"
    );

    let bytes = state.encode().unwrap();
    assert_eq!(ActState::decode(&bytes).unwrap(), state);
    let mut kept: Value = serde_json::from_slice(&bytes).unwrap();
    kept["body"]["from_tomorrow"] = json!({"a": 1});
    let read = ActState::decode(kept.to_string().as_bytes()).unwrap();
    assert_eq!(read, state);
    for cut in 0..bytes.len() {
        assert!(ActState::decode(&bytes[..cut]).is_err(), "{cut}");
    }
}

/// Bytes that are kept were written by an earlier build: they must be read for as long as their version is known.
#[test]
fn what_was_kept_before_is_read() {
    let text = include_str!("kept_state.json");
    let state = ActState::decode(text.as_bytes()).unwrap();
    let expected = kept();
    assert_eq!(
        state,
        expected,
        "{}",
        String::from_utf8(expected.encode().unwrap()).unwrap()
    );
    assert_eq!(
        String::from_utf8(state.encode().unwrap()).unwrap(),
        text.trim_end()
    );
}

/// A state with one of everything.
fn kept() -> ActState {
    let base = base();
    let mut state = ActState::default();
    let deeds = [
        move_to(OPEN, 5.25),
        Deed::Remove { token: LIT },
        place(ABSENT, token(6.0)),
        reveal(Reveal::Layer(HIDDEN_LAYER)),
        write("here", true),
        area(3),
        roll("4d6kh3", false),
        roll("d20", true),
    ];
    for deed in deeds {
        act(&mut state, &base, &GM, deed).unwrap();
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_a_deed_or_refused(text in "[\\[\\]{}\":,a-z0-9.e+-]{0,80}") {
        let _ = serde_json::from_str::<Deed>(&text);
        let _ = ActState::decode(text.as_bytes());
        let _ = ActRecord::decode(text.as_bytes());
    }

    #[test]
    fn every_deed_comes_back_from_json(deed in super::any::deeds()) {
        let json = serde_json::to_string(&deed).unwrap();
        prop_assert_eq!(serde_json::from_str::<Deed>(&json).unwrap(), deed);
    }
}
