//! What real exporters write and harms nobody is accepted, with the right warnings.

use super::*;

const NONE: [&str; 0] = [];

#[test]
fn the_real_map_is_accepted_without_a_warning() {
    let Some(bytes) = real_map() else { return };
    let checked = check_bytes(&bytes);
    assert_eq!(codes(checked.clone()), NONE);
    let found = summary(checked);
    assert_eq!(found.map_cells, (20.0, 20.0));
    assert_eq!(found.pixels_per_grid, 64.0);
    assert_eq!(found.image_px, (1280, 1280));
    assert_eq!(found.image_type, "png");
    assert_eq!(found.lights, 1);
}

#[test]
fn a_plain_map_is_accepted_and_counted() {
    let checked = check(&map());
    assert_eq!(codes(checked.clone()), NONE);
    let found = summary(checked);
    assert_eq!((found.walls, found.portals, found.lights), (1, 1, 1));
    assert_eq!(found.points, 3 + 3 + 1);
    assert_eq!(found.format, 0.3);
}

#[test]
fn jpeg_and_webp_are_as_good_as_png() {
    for (kind, bytes) in [
        ("jpeg", images::jpeg(40, 30)),
        ("webp", images::webp(40, 30)),
    ] {
        let found = summary(changed(|map| map["image"] = json!(BASE64.encode(&bytes))));
        assert_eq!(found.image_type, kind);
    }
}

#[test]
fn format_versions_in_use_pass_and_others_get_a_warning() {
    for version in [0.2, 0.3, 1.0] {
        assert_eq!(codes(changed(|map| map["format"] = json!(version))), NONE);
    }
    assert_eq!(codes(changed(|map| map["format"] = json!(1))), NONE);
    let odd = changed(|map| map["format"] = json!(7));
    assert_eq!(codes(odd), ["map.format_version"]);
}

#[test]
fn an_image_with_a_grid_and_nothing_else_is_a_map() {
    let map = map();
    let bare = json!({"resolution": map["resolution"], "image": map["image"]});
    let checked = check(&bare).unwrap();
    let [warning] = &checked.warnings[..] else {
        panic!("{:?}", checked.warnings)
    };
    assert_eq!(warning.code, "map.field_missing");
    assert!(
        warning.message.contains("5 times, first $.format"),
        "{}",
        warning.message
    );
}

#[test]
fn a_missing_list_and_a_null_list_are_the_same() {
    for list in [
        "line_of_sight",
        "objects_line_of_sight",
        "portals",
        "lights",
    ] {
        let missing = changed(|map| drop(map.as_object_mut().unwrap().remove(list)));
        let null = changed(|map| map[list] = Value::Null);
        assert_eq!(codes(missing.clone()), ["map.field_missing"]);
        assert_eq!(missing.map(|m| m.warnings), null.map(|m| m.warnings));
    }
    let environment = changed(|map| map["environment"] = Value::Null);
    assert_eq!(codes(environment), NONE);
}

#[test]
fn lights_without_colour_range_or_shadows_pass() {
    let bare = changed(|map| map["lights"] = json!([{"position": {"x": 1, "y": 1}, "range": 2}]));
    assert_eq!(codes(bare), NONE);
    for colour in ["ffaa00", "#ffaa00", "FFECCD8B"] {
        assert_eq!(
            codes(changed(|map| map["lights"][0]["color"] = json!(colour))),
            NONE
        );
    }
    for colour in ["", "red", "fff", "ääääää"] {
        let odd = changed(|map| map["lights"][0]["color"] = json!(colour));
        assert_eq!(codes(odd), ["map.colour"]);
    }
}

#[test]
fn unknown_fields_are_accepted_with_one_warning() {
    let known = changed(|map| {
        map["software"] = json!("an editor");
        map["resolution"]["dpi"] = json!(300);
        map["lights"][0]["flicker"] = json!({"a": [1, {"b": null}], "x": true});
    });
    let checked = known.unwrap();
    let [warning] = &checked.warnings[..] else {
        panic!("{:?}", checked.warnings)
    };
    assert_eq!(warning.code, "map.unknown_field");
    assert!(warning.message.contains("3 times"), "{}", warning.message);
}

#[test]
fn a_long_unknown_key_is_cut_in_the_warning() {
    let checked = changed(|map| map["k".repeat(100_000)] = json!(1)).unwrap();
    assert!(checked.warnings[0].message.len() < 200);
}

#[test]
fn points_a_little_outside_get_one_warning_with_their_count() {
    let outside = changed(|map| {
        map["line_of_sight"] =
            json!([[{"x": -0.5, "y": 1}, {"x": 4.25, "y": 3.5}, {"x": 1, "y": 1}]]);
        map["lights"][0]["position"]["y"] = json!(-256);
    });
    let checked = outside.unwrap();
    let [warning] = &checked.warnings[..] else {
        panic!("{:?}", checked.warnings)
    };
    assert_eq!(warning.code, "map.point_outside");
    assert!(
        warning.message.contains("3 times, first $."),
        "{}",
        warning.message
    );
}

#[test]
fn an_origin_other_than_zero_moves_the_map_for_those_who_count_from_it() {
    let moved = |x: f64| {
        changed(|map| {
            map["resolution"]["map_origin"] = json!({"x": 100, "y": -20});
            map["line_of_sight"] = json!([[{"x": x, "y": -18}, {"x": 101, "y": -17}]]);
        })
    };
    assert_eq!(codes(moved(104.0)), NONE);
    assert_eq!(codes(moved(104.5)), ["map.point_outside"]);
}

#[test]
fn the_grid_may_stand_behind_what_it_judges() {
    let map = map();
    let fields = map.as_object().unwrap();
    let late = fields.iter().filter(|(key, _)| *key != "resolution");
    let mut text: String = late
        .map(|(key, value)| format!("{key:?}:{value},"))
        .collect();
    text += &format!("\"resolution\":{}", map["resolution"]);
    assert_eq!(codes(check_bytes(format!("{{{text}}}").as_bytes())), NONE);
}

#[test]
fn fractional_sizes_are_met_by_whole_pixels() {
    let fractional = |size: f64, ppg: u32, px: u32| {
        changed(|map| {
            map["resolution"]["map_size"]["x"] = json!(size);
            map["resolution"]["pixels_per_grid"] = json!(ppg);
            map["image"] = json!(BASE64.encode(images::png(px, 3 * ppg)));
        })
    };
    // 1403 pixels at 70 to a cell, written as a quotient; rounded down.
    assert_eq!(codes(fractional(1403.0 / 70.0, 70, 1403)), NONE);
    assert_eq!(codes(fractional(4.26, 10, 42)), NONE);
    // A whole number written as a float.
    assert_eq!(
        codes(replaced(
            "\"pixels_per_grid\":10",
            "\"pixels_per_grid\":10.0"
        )),
        NONE
    );
    // The grid was derived from the picture and rounded.
    assert_eq!(codes(fractional(40.0, 70, 2815)), ["map.image_size"]);
}

#[test]
fn the_tolerance_is_one_pixel_or_one_percent() {
    let wide = |px: u32| changed(|map| map["image"] = json!(BASE64.encode(images::png(px, 30))));
    assert_eq!(codes(wide(41)), ["map.image_size"]);
    assert_eq!(codes(wide(39)), ["map.image_size"]);
    assert_eq!(rule(wide(42)).0, "map.image_size");
    assert_eq!(rule(wide(38)).0, "map.image_size");
}

#[test]
fn image_texts_that_decode_all_the_same_get_a_warning() {
    let plain = BASE64.encode(images::png(40, 30));
    assert!(plain.ends_with('='), "the case needs padding");
    let lines: Vec<_> = plain
        .as_bytes()
        .chunks(76)
        .map(|c| std::str::from_utf8(c).unwrap())
        .collect();
    let odd = [
        format!("data:image/png;base64,{plain}"),
        lines.join("\r\n"),
        plain.trim_end_matches('=').to_owned(),
    ];
    for text in odd {
        let checked = changed(|map| map["image"] = json!(text));
        assert_eq!(codes(checked), ["map.image_encoding"]);
    }
    // Slashes may be escaped; that is JSON's affair.
    let mut escaped = plain.replace('/', "\\/");
    if escaped == plain {
        escaped = format!("\\u{:04x}{}", plain.as_bytes()[0], &plain[1..]);
    }
    assert_eq!(codes(replaced(&plain, &escaped)), NONE);
}

#[test]
fn a_byte_order_mark_is_stripped_with_a_warning() {
    let text = format!("\u{FEFF}{}", map());
    assert_eq!(codes(check_bytes(text.as_bytes())), ["map.byte_order_mark"]);
}

#[test]
fn walls_of_one_point_are_accepted_with_a_warning() {
    let short = changed(|map| map["line_of_sight"] = json!([[], [{"x": 1, "y": 1}]]));
    assert_eq!(codes(short), ["map.short_line"]);
}
