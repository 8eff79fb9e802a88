//! Whatever the bytes: no panic, no hang, and an answer that is short.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Pieces of which many documents are nearly maps.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"x\":",
    "\"y\":",
    "1",
    "-0.5",
    "1e300",
    "1e999",
    "null",
    "true",
    "\"resolution\":",
    "\"map_size\":",
    "\"pixels_per_grid\":",
    "\"line_of_sight\":",
    "\"portals\":",
    "\"lights\":",
    "\"image\":",
    "\"iVBORw0KGgo=\"",
    "\"\\u",
    "\"format\":",
];

fn answer_is_sane(bytes: &[u8]) -> Result<(), TestCaseError> {
    match check_bytes(bytes) {
        Ok(checked) => prop_assert!(checked.warnings.len() <= 9),
        Err(refusal) => {
            prop_assert!(refusal.rule.starts_with("map.") || refusal.rule.starts_with("format."));
            prop_assert!(refusal.sentence.len() < 400, "{}", refusal.sentence);
            prop_assert!(refusal.path.unwrap_or_default().len() < 4000);
        }
    }
    Ok(())
}

fn mutated(mut bytes: Vec<u8>, edits: &[(Index, u8, u8)]) -> Vec<u8> {
    for (at, kind, byte) in edits {
        let at = at.index(bytes.len().max(1));
        match kind % 4 {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = *byte),
            1 => drop(bytes.drain(at..bytes.len().min(at + 1))),
            2 => bytes.insert(at.min(bytes.len()), *byte),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    proptest::collection::vec(any::<(Index, u8, u8)>(), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        answer_is_sane(&bytes)?;
    }

    #[test]
    fn any_heap_of_pieces_gets_an_answer(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        answer_is_sane(text.as_bytes())?;
    }

    #[test]
    fn a_mutated_map_gets_an_answer(edits in edits()) {
        answer_is_sane(&mutated(map().to_string().into_bytes(), &edits))?;
    }

    #[test]
    fn a_mutated_image_gets_an_answer(which in 0..3_usize, edits in edits()) {
        let image = [images::png(40, 30), images::jpeg(40, 30), images::webp(40, 30)][which].clone();
        let mut map = map();
        map["image"] = json!(BASE64.encode(mutated(image, &edits)));
        answer_is_sane(map.to_string().as_bytes())?;
    }

    #[test]
    fn a_number_anywhere_is_accepted_in_bounds_or_refused(number in any::<f64>(), place in 0..6_usize) {
        let path = ["/lights/0/range", "/lights/0/position/x", "/line_of_sight/0/1/y",
            "/resolution/map_size/x", "/resolution/pixels_per_grid", "/resolution/map_origin/y"][place];
        let mut map = map();
        *map.pointer_mut(path).unwrap() = json!(number);
        let sane = number.abs() <= FIGURE_MAX;
        prop_assert!(sane || check(&map).is_err());
        answer_is_sane(map.to_string().as_bytes())?;
    }
}

proptest! {
    // Each case reads 1.8 MB: few of them, most edits near the front where the structure is.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_real_map_mutated_gets_an_answer(edits in edits(), front in 0..30_000_usize, byte in any::<u8>()) {
        let Some(mut bytes) = real_map() else { return Ok(()) };
        bytes[front] = byte;
        answer_is_sane(&mutated(bytes, &edits))?;
    }
}
