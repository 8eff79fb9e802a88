//! What would harm the others is refused, with rule and path.

use super::*;

/// A change of the small map, the rule that refuses it and the path that is named.
type Case = (fn(&mut Value), &'static str, &'static str);

#[track_caller]
fn all_refused(cases: &[Case]) {
    for (change, expected, path) in cases {
        assert_eq!(rule(changed(change)), (*expected, (*path).to_owned()));
    }
}

#[test]
fn a_truncated_map_is_refused_wherever_it_breaks_off() {
    let text = map().to_string();
    for end in 1..text.len() {
        assert_eq!(
            rule(check_bytes(&text.as_bytes()[..end])).0,
            "map.truncated",
            "at {end}"
        );
    }
    assert_eq!(rule(check_bytes(b"")).0, "format.empty");
    assert_eq!(rule(check_bytes(b"{\"\xC3")).0, "map.truncated");
}

#[test]
fn the_real_map_truncated_is_refused() {
    let Some(bytes) = real_map() else { return };
    for end in [1, 100, 5000, bytes.len() / 2, bytes.len() - 3] {
        assert_eq!(
            rule(check_bytes(&bytes[..end])).0,
            "map.truncated",
            "at {end}"
        );
    }
}

#[test]
fn what_is_no_json_is_refused() {
    let garbage: [&[u8]; 6] = [
        b"GIF89a",
        b"{]",
        b"{1:2}",
        b"\0",
        b"{'a':1}",
        b"{\"a\":tru}",
    ];
    for bytes in garbage {
        assert_eq!(rule(check_bytes(bytes)).0, "map.not_json", "{bytes:?}");
    }
    assert_eq!(rule(check_bytes(b"{\"\xFF\xFE\":1}")).0, "map.not_utf8");
    let trailing = [map().to_string(), "}".to_owned()].concat();
    assert_eq!(rule(check_bytes(trailing.as_bytes())).0, "map.not_json");
}

#[test]
fn numbers_that_json_does_not_have_are_refused() {
    for word in [
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "inf",
        "0x10",
        "1.",
        ".5",
        "+1",
    ] {
        let refused = rule(replaced("\"x\":1.5", &format!("\"x\":{word}")));
        assert_eq!(refused.0, "map.not_json", "{word}");
    }
}

#[test]
fn numbers_beyond_a_double_are_refused_anywhere() {
    for field in ["\"x\":1.5", "\"range\":3.5", "\"pixels_per_grid\":10"] {
        let key = field.split(':').next().unwrap();
        let refused = rule(replaced(field, &format!("{key}:1e999")));
        assert_eq!(refused.0, "map.number_not_finite");
        assert!(refused.1.ends_with(key.trim_matches('"')), "{}", refused.1);
    }
    let unknown = rule(replaced(
        "\"format\":0.3",
        "\"format\":0.3,\"extra\":[1,-1e999]",
    ));
    assert_eq!(unknown, ("map.number_not_finite", "$.extra[1]".to_owned()));
}

#[test]
fn a_coordinate_of_1e300_is_refused_wherever_it_stands() {
    all_refused(&[
        (
            |m| m["line_of_sight"][0][1]["x"] = json!(1e300),
            "map.point_outside",
            "$.line_of_sight[0][1]",
        ),
        (
            |m| m["portals"][0]["bounds"][1]["y"] = json!(-1e300),
            "map.point_outside",
            "$.portals[0].bounds[1]",
        ),
        (
            |m| m["portals"][0]["position"]["y"] = json!(1e300),
            "map.point_outside",
            "$.portals[0].position",
        ),
        (
            |m| m["lights"][0]["position"]["x"] = json!(1e300),
            "map.point_outside",
            "$.lights[0].position",
        ),
        (
            |m| m["lights"][0]["range"] = json!(1e300),
            "map.number_range",
            "$.lights[0].range",
        ),
        (
            |m| m["resolution"]["map_size"]["x"] = json!(1e300),
            "map.size_range",
            "$.resolution.map_size.x",
        ),
        (
            |m| m["resolution"]["map_origin"]["y"] = json!(1e300),
            "map.origin_range",
            "$.resolution.map_origin.y",
        ),
    ]);
}

#[test]
fn the_bound_of_points_outside_is_exact() {
    assert!(changed(|m| m["lights"][0]["position"]["x"] = json!(4 + 256)).is_ok());
    assert!(changed(|m| m["lights"][0]["position"]["x"] = json!(4 + 257)).is_err());
    assert!(changed(|m| m["lights"][0]["position"]["x"] = json!(-257)).is_err());
}

#[test]
fn a_grid_without_sense_is_refused() {
    all_refused(&[
        (
            |m| m["resolution"]["pixels_per_grid"] = json!(0),
            "map.pixels_per_grid_range",
            "$.resolution.pixels_per_grid",
        ),
        (
            |m| m["resolution"]["pixels_per_grid"] = json!(-10),
            "map.pixels_per_grid_range",
            "$.resolution.pixels_per_grid",
        ),
        (
            |m| m["resolution"]["pixels_per_grid"] = json!(2049),
            "map.pixels_per_grid_range",
            "$.resolution.pixels_per_grid",
        ),
        (
            |m| m["resolution"]["map_size"]["y"] = json!(0),
            "map.size_range",
            "$.resolution.map_size.y",
        ),
        (
            |m| m["resolution"]["map_size"]["x"] = json!(-4),
            "map.size_range",
            "$.resolution.map_size.x",
        ),
        (
            |m| m["resolution"]["map_size"]["x"] = json!(u64::MAX),
            "map.size_range",
            "$.resolution.map_size.x",
        ),
        (
            |m| m["resolution"]["map_origin"]["x"] = json!(i64::MIN),
            "map.origin_range",
            "$.resolution.map_origin.x",
        ),
    ]);
}

#[test]
fn what_must_be_there_is_missed() {
    all_refused(&[
        (|m| *m = json!({}), "map.field_missing", "$.resolution"),
        (
            |m| drop(m.as_object_mut().unwrap().remove("image")),
            "map.field_missing",
            "$.image",
        ),
        (
            |m| m["resolution"] = json!({}),
            "map.field_missing",
            "$.resolution.map_size",
        ),
        (
            |m| m["resolution"]["map_size"] = json!({"x": 1}),
            "map.field_missing",
            "$.resolution.map_size.y",
        ),
        (
            |m| m["line_of_sight"][0][2] = json!({"y": 1}),
            "map.field_missing",
            "$.line_of_sight[0][2].x",
        ),
        (
            |m| m["lights"][0] = json!({}),
            "map.field_missing",
            "$.lights[0].position",
        ),
    ]);
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    all_refused(&[
        (|m| *m = json!([]), "map.field_type", "$"),
        (|m| *m = json!("map"), "map.field_type", "$"),
        (|m| *m = Value::Null, "map.field_type", "$"),
        (|m| m["format"] = json!("0.3"), "map.field_type", "$.format"),
        (
            |m| m["resolution"] = json!([1, 2]),
            "map.field_type",
            "$.resolution",
        ),
        (
            |m| m["resolution"]["pixels_per_grid"] = Value::Null,
            "map.field_type",
            "$.resolution.pixels_per_grid",
        ),
        (
            |m| m["line_of_sight"] = json!({}),
            "map.field_type",
            "$.line_of_sight",
        ),
        (
            |m| m["line_of_sight"][0] = Value::Null,
            "map.field_type",
            "$.line_of_sight[0]",
        ),
        (
            |m| m["line_of_sight"][0][0] = json!([1, 2]),
            "map.field_type",
            "$.line_of_sight[0][0]",
        ),
        (
            |m| m["line_of_sight"][0][0]["x"] = json!("1"),
            "map.field_type",
            "$.line_of_sight[0][0].x",
        ),
        (
            |m| m["portals"][0]["closed"] = json!(1),
            "map.field_type",
            "$.portals[0].closed",
        ),
        (
            |m| m["lights"][0]["color"] = json!(0xFF),
            "map.field_type",
            "$.lights[0].color",
        ),
        (
            |m| m["image"] = json!({"png": ""}),
            "map.field_type",
            "$.image",
        ),
        (|m| m["image"] = json!(false), "map.field_type", "$.image"),
    ]);
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let cases = [
        (
            "\"x\":1.5",
            "\"x\":1.5,\"x\":1.5",
            "$.portals[0].bounds[0].x",
        ),
        (
            "\"format\":0.3",
            "\"format\":0.3,\"format\":0.2",
            "$.format",
        ),
        ("\"lights\":", "\"lights\":null,\"lights\":", "$.lights"),
        (
            "\"pixels_per_grid\":",
            "\"resolution\":1,\"pixels_per_grid\":1,\"pixels_per_grid\":",
            "$.resolution.pixels_per_grid",
        ),
        (
            "\"resolution\":",
            "\"resolution\":{\"map_size\":{\"x\":1,\"y\":1},\"pixels_per_grid\":1},\"resolution\":",
            "$.resolution",
        ),
    ];
    for (from, to, path) in cases {
        assert_eq!(
            rule(replaced(from, to)),
            ("map.duplicate_key", path.to_owned())
        );
    }
    // The same key by another spelling.
    let spelled = replaced("\"format\":0.3", "\"format\":0.3,\"form\\u0061t\":0.2");
    assert_eq!(rule(spelled).0, "map.duplicate_key");
}

#[test]
fn deep_nesting_is_refused_in_a_known_and_in_an_unknown_field() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [32, 33, 200, 100_000] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let unknown = replaced(
                "\"format\":0.3",
                &format!("\"format\":0.3,\"extra\":{deep}"),
            );
            assert_eq!(rule(unknown).0, "map.too_deep");
            let known = replaced("\"format\":0.3", &format!("\"format\":{deep}"));
            assert_eq!(rule(known).0, "map.field_type");
        }
        let fine = format!("{}1{}", open.repeat(31), close.repeat(31));
        assert!(
            replaced(
                "\"format\":0.3",
                &format!("\"format\":0.3,\"extra\":{fine}")
            )
            .is_ok()
        );
    }
    assert_eq!(
        rule(check_bytes("[".repeat(1 << 20).as_bytes())).0,
        "map.field_type"
    );
}

#[test]
fn huge_lists_are_refused_by_their_limit() {
    let limits = FormatLimits {
        walls_max: 10,
        // One of them is the light's.
        points_max: 20,
        portals_max: 3,
        lights_max: 3,
        ..FormatLimits::default()
    };
    let point = json!({"x": 1, "y": 1});
    let cases = [
        (
            "line_of_sight",
            json!(vec![json!([point]); 11]),
            "$.line_of_sight[10]",
        ),
        (
            "objects_line_of_sight",
            json!(vec![json!([]); 10]),
            "$.objects_line_of_sight[9]",
        ),
        (
            "line_of_sight",
            json!([vec![point.clone(); 21]]),
            "$.line_of_sight[0][19]",
        ),
        (
            "portals",
            json!(vec![json!({"position": point, "bounds": []}); 4]),
            "$.portals[3]",
        ),
        (
            "lights",
            json!(vec![json!({"position": point, "range": 1}); 4]),
            "$.lights[3]",
        ),
    ];
    for (list, value, path) in cases {
        let mut map = map();
        map[list] = value;
        let refused = rule(UniversalVtt.check(map.to_string().as_bytes(), &limits));
        assert_eq!(refused, ("map.too_many", path.to_owned()));
    }
    // A list of a hundred thousand empty walls stops at the limit that stands.
    let many = changed(|map| map["line_of_sight"] = json!(vec![json!([]); 100_000]));
    assert_eq!(rule(many).0, "map.too_many");
}

#[test]
fn a_file_above_its_limit_is_not_read() {
    let limits = FormatLimits {
        file_bytes_max: 100,
        ..FormatLimits::default()
    };
    let refused = UniversalVtt.check(map().to_string().as_bytes(), &limits);
    assert_eq!(rule(refused).0, "format.too_large");
}
