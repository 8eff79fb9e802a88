//! What is taken.

use super::*;

fn summary(checked: Checked) -> DocumentSummary {
    match checked.summary {
        Summary::Document(summary) => summary,
        other => panic!("no document: {other:?}"),
    }
}

#[test]
fn the_sample_is_taken_without_a_word() {
    let checked = check(&sample()).unwrap();
    assert_eq!(checked.warnings, []);
    let expected = DocumentSummary {
        layers: 3,
        assets: 4,
        tokens: 4,
        hidden: 2,
    };
    assert_eq!(summary(checked), expected);
}

#[test]
fn the_smallest_document_has_a_format_a_size_and_layers() {
    let smallest = r#" {"format":"guildhall.board/1","size":[1,1],"layers":[]} "#;
    let checked = check_bytes(smallest.as_bytes()).unwrap();
    assert_eq!(checked.warnings, []);
    let document = document(smallest.as_bytes(), &FormatLimits::default()).unwrap();
    assert_eq!(document.grid, Grid::Square);
    assert_eq!((document.layers.len(), document.tokens.len()), (0, 0));
}

#[test]
fn what_a_document_says_is_what_is_read() {
    let text = sample().to_string();
    let document = document(text.as_bytes(), &FormatLimits::default()).unwrap();
    assert_eq!(document.name.as_deref(), Some("Die Höhle"));
    assert_eq!(document.size, [40.0, 30.5]);
    let hidden: Vec<bool> = document.layers.iter().map(|layer| layer.hidden).collect();
    assert_eq!(hidden, [false, true, false]);
    let ogre = &document.tokens[0];
    assert_eq!(ogre.at, [1.5, 2.0]);
    assert_eq!((ogre.size, ogre.rotation), (Some([2.0, 2.0]), Some(-90.0)));
    assert_eq!(ogre.owners, [Uuid::from_u128(90), Uuid::from_u128(91)]);
    for token in &document.tokens {
        let written = &text[token.id.place..][..36];
        assert_eq!(written, token.id.value.to_string());
    }
}

#[test]
fn the_same_document_may_be_written_in_many_ways() {
    let (id, text) = (id(3), sample().to_string());
    let spread = serde_json::to_string_pretty(&sample()).unwrap();
    let escaped = text.replace("\"Ogre\"", "\"\\u004fgre\"");
    let keyed = text.replace("\"rotation\":-90", "\"\\u0072otation\":-9.0E1");
    assert_ne!(escaped, text);
    assert_ne!(keyed, text);
    let expected = check_bytes(text.as_bytes()).unwrap().open;
    for other in [spread, escaped, keyed, text.replace("1.5", "15e-1")] {
        assert!(other.contains(&id));
        assert_eq!(check_bytes(other.as_bytes()).unwrap().open, expected);
    }
}

#[test]
fn bounds_are_taken_at_both_ends() {
    let places = [
        ("/tokens/0/at/0", [-4096.0, 4096.0]),
        ("/tokens/0/size/1", [0.01, 1024.0]),
        ("/tokens/0/rotation", [-360.0, 360.0]),
        ("/layers/0/at/1", [-4096.0, 4096.0]),
        ("/layers/0/size/0", [0.01, 1024.0]),
        ("/size/0", [0.01, 1024.0]),
    ];
    for (path, ends) in places {
        for end in ends {
            let taken = changed(|it| *it.pointer_mut(path).unwrap() = json!(end));
            assert!(taken.is_ok(), "{path} {end}: {taken:?}");
        }
    }
    let name = "ö".repeat(200);
    assert!(changed(|it| it["tokens"][0]["name"] = json!(name)).is_ok());
    let owners: Vec<String> = (0..8).map(id).collect();
    assert!(changed(|it| it["tokens"][0]["owners"] = json!(owners)).is_ok());
    for grid in ["square", "hex_rows", "hex_columns", "none"] {
        let open = open(&{
            let mut it = sample();
            it["grid"] = json!(grid);
            it
        });
        assert_eq!(open["grid"], grid);
    }
}

#[test]
fn as_many_things_as_are_allowed_are_taken() {
    let limits = FormatLimits::default();
    let token = |n: usize| json!({"id": id(1_000 + n), "layer": id(1), "at": [1, 1]});
    let tokens: Vec<Value> = (0..limits.tokens_max).map(token).collect();
    assert!(changed(|it| it["tokens"] = json!(tokens)).is_ok());
}

#[test]
fn unknown_fields_are_told_once_and_named() {
    let checked = changed(|it| {
        it["tokens"][0]["Hidden"] = json!(true);
        it["tokens"][1]["colour"] = json!("red");
        it["author"] = json!({"name": [1, null, 1e300]});
    });
    let warnings = checked.unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code, "document.unknown_field");
    assert_eq!(
        warnings[0].message,
        "3 fields are unknown; they are kept for GMs only (first $.author)."
    );
    let checked = changed(|it| it["tokens"][0]["Hidden"] = json!(true));
    let warnings = checked.unwrap().warnings;
    assert!(warnings[0].message.ends_with("($.tokens[0].Hidden)."));
}
