//! Lengths and turns come back from JSON as they went in, whatever they are.

use proptest::prelude::*;

use super::*;

#[test]
fn a_length_is_kept_to_a_thousandth_and_written_short() {
    let table = [
        (0.0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (-4.5, "-4.5"),
        (0.1 + 0.2, "0.3"),
        (1.0004, "1"),
        (1.0006, "1.001"),
        (f64::MAX, "2147483.647"),
        (f64::MIN, "-2147483.648"),
    ];
    for (cells, json) in table {
        let cells = Cells::new(cells).unwrap();
        assert_eq!(serde_json::to_string(&cells).unwrap(), json);
    }
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Cells::new(wrong), None);
        assert_eq!(Degrees::new(wrong), None);
    }
}

#[test]
fn a_turn_has_no_full_turns_in_it() {
    let table = [
        (0.0, 0.0),
        (360.0, 0.0),
        (-90.0, 270.0),
        (725.5, 5.5),
        (359.9999, 0.0),
        (-0.0001, 0.0),
    ];
    for (degrees, kept) in table {
        assert_eq!(Degrees::new(degrees).unwrap().get(), kept, "{degrees}");
    }
}

#[test]
fn a_number_that_is_none_is_refused_by_the_reader() {
    for text in ["1e999", "null", "\"1\"", "NaN", "[1]"] {
        assert!(serde_json::from_str::<Cells>(text).is_err(), "{text}");
        assert!(serde_json::from_str::<Degrees>(text).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn every_length_and_turn_comes_back_from_json(number in any::<f64>(), small in -1e7..1e7_f64) {
        for number in [number, small] {
            let (Some(cells), Some(degrees)) = (Cells::new(number), Degrees::new(number)) else {
                prop_assert!(!number.is_finite());
                continue;
            };
            let json = serde_json::to_string(&(cells, degrees)).unwrap();
            let back: (Cells, Degrees) = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(back, (cells, degrees), "{}", json);
            prop_assert!((0.0..360.0).contains(&degrees.get()));
            prop_assert_eq!(Cells::new(cells.get()), Some(cells));
            prop_assert_eq!(Degrees::new(degrees.get()), Some(degrees));
        }
    }
}
