//! Whatever the bytes: no panic, no hang, an answer that is short, and an open form that is good.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Pieces of which many documents are nearly boards.
const PIECES: [&str; 26] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "1",
    "-0.5",
    "1e300",
    "1e999",
    "null",
    "true",
    "\"format\":\"guildhall.board/1\",",
    "\"size\":[1,1],",
    "\"layers\":[",
    "\"assets\":[",
    "\"tokens\":[",
    "{\"id\":\"00000000-0000-0000-0000-000000000001\"}",
    "\"id\":",
    "\"layer\":",
    "\"00000000-0000-0000-0000-000000000001\"",
    "\"hidden\":true",
    "\"at\":[0,0]",
    "\"gm\":",
    "\"\\u",
    "\"\\ud800\"",
];

fn answer_is_sane(bytes: &[u8]) -> Result<(), TestCaseError> {
    match check_bytes(bytes) {
        Ok(checked) => {
            prop_assert!(checked.warnings.len() <= 1);
            let open = checked.open.unwrap();
            let again = check_bytes(&open).unwrap();
            prop_assert_eq!(again.open.unwrap(), open);
        }
        Err(refusal) => {
            let rule = refusal.rule;
            prop_assert!(rule.starts_with("document.") || rule.starts_with("format."));
            prop_assert!(refusal.sentence.len() < 400, "{}", refusal.sentence);
            prop_assert!(refusal.path.unwrap_or_default().len() < 200);
            if refusal.repairable {
                let repaired = BoardDocument.repair(bytes, &FormatLimits::default());
                check_bytes(&repaired.unwrap().bytes).unwrap();
            }
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
            _ => next_digit(&mut bytes, at),
        }
    }
    bytes
}

/// An edit that keeps most documents well formed: a digit becomes the next one.
fn next_digit(bytes: &mut [u8], at: usize) {
    let digit = bytes.iter_mut().skip(at).find(|b| b.is_ascii_digit());
    if let Some(digit) = digit {
        *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
    }
}

fn edits(max: usize) -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    proptest::collection::vec(any::<(Index, u8, u8)>(), 1..max)
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
    fn a_mutated_document_gets_an_answer(edits in edits(6)) {
        answer_is_sane(&mutated(sample().to_string().into_bytes(), &edits))?;
    }

    #[test]
    fn a_document_of_other_digits_gets_an_answer(places in proptest::collection::vec(any::<Index>(), 1..6)) {
        let edits: Vec<_> = places.into_iter().map(|place| (place, 3, 0)).collect();
        answer_is_sane(&mutated(sample().to_string().into_bytes(), &edits))?;
    }

    #[test]
    fn a_number_anywhere_is_taken_in_bounds_or_refused(number in any::<f64>(), place in 0..6_usize) {
        let path = ["/size/0", "/layers/0/at/0", "/layers/0/size/1", "/tokens/0/at/1",
            "/tokens/0/size/0", "/tokens/0/rotation"][place];
        let mut document = sample();
        *document.pointer_mut(path).unwrap() = json!(number);
        let sane = number.abs() <= 4096.0;
        prop_assert!(sane || check(&document).is_err());
        answer_is_sane(document.to_string().as_bytes())?;
    }
}
