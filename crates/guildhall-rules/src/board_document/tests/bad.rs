//! What is refused, with rule and path.

use super::*;

/// A change of the sample, the rule that refuses it and the path that is named.
type Case = (fn(&mut Value), &'static str, &'static str);

#[track_caller]
fn all_refused(cases: &[Case]) {
    for (change, expected, path) in cases {
        assert_eq!(rule(changed(change)), (*expected, (*path).to_owned()));
    }
}

fn without(it: &mut Value, path: &str, key: &str) {
    let object = it.pointer_mut(path).unwrap().as_object_mut().unwrap();
    object.remove(key).expect("the sample has this field");
}

#[test]
fn a_truncated_document_is_refused_wherever_it_breaks_off() {
    let text = sample().to_string();
    for end in 1..text.len() {
        let refused = rule(check_bytes(&text.as_bytes()[..end])).0;
        let known = [
            "document.truncated",
            "document.not_utf8",
            "document.not_json",
        ];
        assert!(known.contains(&refused), "{refused} at {end}");
    }
    assert_eq!(rule(check_bytes(b"")).0, "format.empty");
}

#[test]
fn what_is_no_json_is_refused() {
    let garbage: [&[u8]; 7] = [
        b"GIF89a",
        b"{]",
        b"{1:2}",
        b"\0",
        b"{'a':1}",
        b"{\"a\":tru}",
        b"\xEF\xBB\xBF{}",
    ];
    for bytes in garbage {
        assert_eq!(rule(check_bytes(bytes)).0, "document.not_json", "{bytes:?}");
    }
    let invalid = check_bytes(b"{\"\xFF\xFE\":1}");
    assert_eq!(rule(invalid).0, "document.not_utf8");
    let trailing = [sample().to_string(), "}".to_owned()].concat();
    assert_eq!(
        rule(check_bytes(trailing.as_bytes())).0,
        "document.not_json"
    );
}

#[test]
fn a_document_that_is_too_long_or_too_deep_is_refused() {
    let limits = FormatLimits {
        document_bytes_max: 100,
        ..FormatLimits::default()
    };
    let text = sample().to_string();
    let refused = BoardDocument.check(text.as_bytes(), &limits).unwrap_err();
    assert_eq!(refused.rule, "format.too_large");
    let nested = |depth: usize| {
        let deep = [&"[".repeat(depth)[..], "\"]}[\\\"{\"", &"]".repeat(depth)].concat();
        replaced("\"canary\"", &deep)
    };
    // The document, its list and the layer are three.
    assert!(nested(29).is_ok());
    assert_eq!(rule(nested(30)).0, "document.too_deep");
    let bomb = "[".repeat(1_000_000);
    assert_eq!(rule(check_bytes(bomb.as_bytes())).0, "document.truncated");
    let bomb = [&bomb[..], &"]".repeat(1_000_000)].concat();
    assert_eq!(rule(check_bytes(bomb.as_bytes())).0, "document.too_deep");
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    const KIND: &str = "document.field_type";
    all_refused(&[
        (|it| *it = json!([]), KIND, "$"),
        (|it| it["format"] = json!(1), KIND, "$.format"),
        (|it| it["size"] = json!("40x30"), KIND, "$.size"),
        (|it| it["size"] = json!([40]), KIND, "$.size"),
        (|it| it["size"] = json!({"x": 1}), KIND, "$.size"),
        (|it| it["size"][1] = json!("30"), KIND, "$.size[1]"),
        (|it| it["size"][1] = json!(null), KIND, "$.size[1]"),
        (|it| it["layers"] = json!({}), KIND, "$.layers"),
        (|it| it["layers"] = json!(null), KIND, "$.layers"),
        (|it| it["tokens"] = json!(null), KIND, "$.tokens"),
        (|it| it["layers"][1] = json!("x"), KIND, "$.layers[1]"),
        (
            |it| it["layers"][1]["hidden"] = json!("true"),
            KIND,
            "$.layers[1].hidden",
        ),
        (
            |it| it["layers"][1]["hidden"] = json!(1),
            KIND,
            "$.layers[1].hidden",
        ),
        (
            |it| it["layers"][1]["hidden"] = json!(null),
            KIND,
            "$.layers[1].hidden",
        ),
        (
            |it| it["tokens"][2]["hidden"] = json!([true]),
            KIND,
            "$.tokens[2].hidden",
        ),
        (
            |it| it["tokens"][2]["name"] = json!(3),
            KIND,
            "$.tokens[2].name",
        ),
        (
            |it| it["tokens"][2]["id"] = json!(3),
            KIND,
            "$.tokens[2].id",
        ),
        (
            |it| it["tokens"][0]["rotation"] = json!(true),
            KIND,
            "$.tokens[0].rotation",
        ),
        (
            |it| it["tokens"][0]["owners"] = json!("me"),
            KIND,
            "$.tokens[0].owners",
        ),
        (
            |it| it["tokens"][0]["owners"][1] = json!(7),
            KIND,
            "$.tokens[0].owners[1]",
        ),
    ]);
}

#[test]
fn what_must_be_there_and_is_not_is_named() {
    const MISSING: &str = "document.field_missing";
    all_refused(&[
        (|it| without(it, "", "format"), MISSING, "$"),
        (|it| without(it, "", "size"), MISSING, "$"),
        (|it| without(it, "", "layers"), MISSING, "$"),
        (|it| without(it, "/layers/2", "id"), MISSING, "$.layers[2]"),
        (|it| without(it, "/assets/1", "id"), MISSING, "$.assets[1]"),
        (
            |it| without(it, "/assets/1", "media"),
            MISSING,
            "$.assets[1]",
        ),
        (
            |it| without(it, "/assets/1", "hash"),
            MISSING,
            "$.assets[1]",
        ),
        (|it| without(it, "/tokens/1", "id"), MISSING, "$.tokens[1]"),
        (
            |it| without(it, "/tokens/1", "layer"),
            MISSING,
            "$.tokens[1]",
        ),
        (|it| without(it, "/tokens/1", "at"), MISSING, "$.tokens[1]"),
    ]);
}

#[test]
fn words_that_the_format_does_not_know_are_refused() {
    all_refused(&[
        (
            |it| it["format"] = json!("guildhall.board/2"),
            "document.format",
            "$.format",
        ),
        (
            |it| it["grid"] = json!("triangles"),
            "document.grid",
            "$.grid",
        ),
        (
            |it| it["assets"][0]["media"] = json!("image/svg+xml"),
            "document.media",
            "$.assets[0].media",
        ),
        (
            |it| it["assets"][0]["media"] = json!("text/html"),
            "document.media",
            "$.assets[0].media",
        ),
        (
            |it| it["assets"][0]["hash"] = json!("A".repeat(64)),
            "document.hash",
            "$.assets[0].hash",
        ),
        (
            |it| it["assets"][0]["hash"] = json!("a".repeat(63)),
            "document.hash",
            "$.assets[0].hash",
        ),
        (
            |it| it["assets"][0]["hash"] = json!("../../etc/passwd"),
            "document.hash",
            "$.assets[0].hash",
        ),
    ]);
}

#[test]
fn an_id_is_written_one_way_only() {
    let good = "ABCDEF00-0000-4000-8000-00000000000a";
    let forms = [
        good.to_owned(),
        good.to_lowercase().replace('-', ""),
        format!("{{{}}}", good.to_lowercase()),
        format!("urn:uuid:{}", good.to_lowercase()),
        String::new(),
        "player one".to_owned(),
        "0".repeat(36),
    ];
    for form in forms {
        let refused = changed(|it| it["tokens"][1]["id"] = json!(form));
        let expected = ("document.id", "$.tokens[1].id".to_owned());
        assert_eq!(rule(refused), expected, "{form}");
    }
    let escaped = id(21).replacen('0', "\\u0030", 1);
    assert_eq!(rule(replaced(&id(21), &escaped)).0, "document.id");
    let lower = good.to_lowercase();
    assert!(changed(|it| it["tokens"][1]["id"] = json!(lower)).is_ok());
}

#[test]
fn names_that_would_mislead_are_refused() {
    let long = "a".repeat(201);
    for name in ["a\u{202E}b", "a\u{7}", "a\nb", &long] {
        for path in ["/name", "/layers/0/name", "/tokens/0/name"] {
            let refused = changed(|it| *it.pointer_mut(path).unwrap() = json!(name));
            assert_eq!(rule(refused).0, "document.name", "{name:?} {path}");
        }
    }
    let half = replaced("\"Ogre\"", "\"\\ud800\"");
    let expected = ("document.text", "$.tokens[0].name".to_owned());
    assert_eq!(rule(half), expected);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let places = [
        (
            "/tokens/0/at/0",
            vec!["4096.1", "-1e300", "1e999", "-1e999"],
        ),
        ("/tokens/0/size/1", vec!["0", "-1", "1025", "1e-300"]),
        ("/tokens/0/rotation", vec!["361", "-360.5", "1e999"]),
        ("/layers/0/at/1", vec!["1e9"]),
        ("/layers/0/size/0", vec!["0.001", "2000"]),
        ("/size/0", vec!["0", "1024.5"]),
    ];
    for (path, numbers) in places {
        for number in numbers {
            let mut it = sample();
            *it.pointer_mut(path).unwrap() = json!("here");
            let text = it.to_string().replace("\"here\"", number);
            let refused = rule(check_bytes(text.as_bytes()));
            assert_eq!(refused.0, "document.number_range", "{path} {number}");
        }
    }
}

#[test]
fn more_than_is_allowed_of_anything_is_refused() {
    const MANY: &str = "document.too_many";
    let limits = FormatLimits::default();
    let many = |thing: &Value, count: usize| json!(vec![thing; count]);
    let sample = sample();
    let cases = [
        ("/layers", "$.layers", limits.layers_max),
        ("/assets", "$.assets", limits.assets_max),
        ("/tokens", "$.tokens", limits.tokens_max),
        ("/tokens/0/owners", "$.tokens[0].owners", limits.owners_max),
        ("/tokens/0/at", "$.tokens[0].at", 2),
        ("/size", "$.size", 2),
    ];
    for (pointer, path, max) in cases {
        let first = sample.pointer(pointer).unwrap()[0].clone();
        let refused = |count| {
            let list = many(&first, count);
            changed(|it| *it.pointer_mut(pointer).unwrap() = list)
        };
        assert_eq!(rule(refused(max + 1)), (MANY, path.to_owned()));
        if let Err(refusal) = refused(max) {
            assert_ne!(refusal.rule, MANY, "{path}");
        }
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let cases = [
        (
            "\"hidden\":false",
            "\"hidden\":false,\"hidden\":true",
            "$.tokens[1].hidden",
        ),
        (
            "\"hidden\":false",
            "\"hidden\":false,\"\\u0068idden\":true",
            "$.tokens[1].hidden",
        ),
        (
            "\"grid\":\"square\"",
            "\"grid\":\"square\",\"grid\":\"square\"",
            "$.grid",
        ),
        (
            "\"gm\":\"canary\"",
            "\"gm\":\"canary\",\"gm\":1",
            "$.assets[1].gm",
        ),
    ];
    for (from, to, path) in cases {
        assert_eq!(
            rule(replaced(from, to)),
            ("document.duplicate_key", path.to_owned())
        );
    }
}

#[test]
fn a_reference_that_leads_nowhere_is_refused() {
    const UNKNOWN: &str = "document.unknown_id";
    all_refused(&[
        (
            |it| it["tokens"][0]["layer"] = json!(id(99)),
            UNKNOWN,
            "$.tokens[0].layer",
        ),
        // What is there is an asset, and no layer.
        (
            |it| it["tokens"][0]["layer"] = json!(id(10)),
            UNKNOWN,
            "$.tokens[0].layer",
        ),
        (
            |it| it["tokens"][0]["asset"] = json!(id(1)),
            UNKNOWN,
            "$.tokens[0].asset",
        ),
        (
            |it| it["tokens"][2]["asset"] = json!(id(99)),
            UNKNOWN,
            "$.tokens[2].asset",
        ),
        (
            |it| it["layers"][1]["asset"] = json!(id(99)),
            UNKNOWN,
            "$.layers[1].asset",
        ),
        (
            |it| drop(it["layers"].as_array_mut().unwrap().remove(0)),
            UNKNOWN,
            "$.tokens[0].layer",
        ),
    ]);
}

#[test]
fn an_id_that_is_there_twice_is_refused_whatever_has_it() {
    const TWICE: &str = "document.duplicate_id";
    all_refused(&[
        (
            |it| {
                it["layers"][2]["id"] = json!(id(2));
                it["tokens"][1]["layer"] = json!(id(2))
            },
            TWICE,
            "$.layers[2].id",
        ),
        (
            |it| it["assets"][3]["id"] = json!(id(10)),
            TWICE,
            "$.assets[3].id",
        ),
        (
            |it| it["assets"][3]["id"] = json!(id(1)),
            TWICE,
            "$.assets[3].id",
        ),
        (
            |it| it["tokens"][3]["id"] = json!(id(22)),
            TWICE,
            "$.tokens[3].id",
        ),
        (
            |it| it["tokens"][3]["id"] = json!(id(1)),
            TWICE,
            "$.tokens[3].id",
        ),
        (
            |it| it["tokens"][3]["id"] = json!(id(13)),
            TWICE,
            "$.tokens[3].id",
        ),
    ]);
    let refusal = changed(|it| {
        it["tokens"][1]["id"] = json!(id(1));
        it["tokens"][3]["id"] = json!(id(20));
    })
    .unwrap_err();
    assert!(refusal.repairable);
    assert_eq!(
        refusal.sentence,
        format!(
            "The id {} is that of $.layers[0] already. 1 more ids are there twice.",
            id(1)
        )
    );
}
