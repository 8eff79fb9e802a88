//! Images that are none, break off, or do not fit the grid.

use super::*;

fn with_image(text: &str) -> (&'static str, String) {
    rule(changed(|map| map["image"] = json!(text)))
}

fn with_bytes(bytes: &[u8]) -> &'static str {
    let (rule, path) = with_image(&BASE64.encode(bytes));
    assert_eq!(path, "$.image");
    rule
}

#[test]
fn an_empty_image_is_a_missing_one() {
    for text in ["", "  \n", "data:image/png;base64,"] {
        assert_eq!(with_image(text).0, "map.image_missing", "{text:?}");
    }
}

#[test]
fn text_that_is_no_base64_is_refused() {
    let url_safe = BASE64.encode([0xFB; 30]).replace('+', "-");
    for text in [
        "not base64!",
        "https://example.org/map.png",
        "iVBOR=w0",
        "A",
        "ä",
        "\0\0\0\0",
        &url_safe,
    ] {
        assert_eq!(with_image(text).0, "map.image_not_base64", "{text:?}");
    }
}

#[test]
fn base64_that_is_no_image_is_refused() {
    let gif = b"GIF89a\x28\0\x1E\0\0\0\0;";
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>";
    let wave = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0";
    let texts: [&[u8]; 6] = [b"a text", gif, svg, wave, &[0; 100], b"\x89PN"];
    for bytes in texts {
        assert_eq!(with_bytes(bytes), "map.image_unknown");
    }
}

#[test]
fn an_image_that_breaks_off_is_refused_at_every_byte() {
    for bytes in [
        images::png(40, 30),
        images::jpeg(40, 30),
        images::webp(40, 30),
    ] {
        for end in 12..bytes.len() {
            assert_eq!(
                with_bytes(&bytes[..end]),
                "map.image_truncated",
                "{:?} at {end}",
                &bytes[..4]
            );
        }
    }
}

#[test]
fn the_real_image_truncated_within_a_whole_document_is_refused() {
    let Some(bytes) = real_map() else { return };
    let mut map: Value = serde_json::from_slice(&bytes).unwrap();
    let image = map["image"].as_str().unwrap();
    map["image"] = json!(image[..image.len() / 8 * 4]);
    assert_eq!(
        rule(check(&map)),
        ("map.image_truncated", "$.image".to_owned())
    );
}

#[test]
fn bytes_after_the_end_of_an_image_are_not_looked_at() {
    for mut bytes in [
        images::png(40, 30),
        images::jpeg(40, 30),
        images::webp(40, 30),
    ] {
        bytes.extend([0; 3000]);
        assert!(changed(|map| map["image"] = json!(BASE64.encode(&bytes))).is_ok());
    }
}

#[test]
fn an_image_without_a_picture_is_refused() {
    let mut empty = images::png(40, 30);
    let data = empty.windows(4).position(|w| w == b"IDAT").unwrap();
    empty[data..data + 4].copy_from_slice(b"tEXt");
    assert_eq!(with_bytes(&empty), "map.image_truncated");
}

#[test]
fn an_image_of_the_wrong_size_is_refused_with_both_sizes() {
    for (width, height) in [(80, 60), (30, 40), (20, 15), (40, 33), (1, 1)] {
        let image = BASE64.encode(images::png(width, height));
        let refusal = changed(|map| map["image"] = json!(image)).unwrap_err();
        assert_eq!(refusal.rule, "map.image_size");
        assert_eq!(refusal.path.as_deref(), Some("$.image"));
        let sizes = [
            format!("{width} × {height} pixels"),
            "asks for 40 × 30".to_owned(),
        ];
        assert!(
            sizes.iter().all(|size| refusal.sentence.contains(size)),
            "{refusal}"
        );
    }
}

#[test]
fn an_image_without_pixels_or_with_too_many_is_refused() {
    for (width, height) in [
        (0, 30),
        (40, 0),
        (u32::MAX, u32::MAX),
        (32_769, 1),
        (32_768, 8_193),
    ] {
        assert_eq!(with_bytes(&images::png(width, height)), "map.image_pixels");
    }
}

#[test]
fn the_largest_map_that_fits_the_limits_fits_a_header() {
    let largest = changed(|map| {
        map["resolution"]["map_size"] = json!({"x": 128, "y": 128});
        map["resolution"]["pixels_per_grid"] = json!(128);
        map["image"] = json!(BASE64.encode(images::png(16_384, 16_384)));
    });
    assert!(largest.is_ok());
}

#[test]
fn an_image_above_its_limit_is_not_decoded() {
    let limits = FormatLimits {
        image_bytes_max: 30,
        ..FormatLimits::default()
    };
    let refused = UniversalVtt.check(map().to_string().as_bytes(), &limits);
    assert_eq!(rule(refused), ("map.image_too_large", "$.image".to_owned()));
}
