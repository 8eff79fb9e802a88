//! Tests of `dice`.

use proptest::prelude::*;

use super::*;

fn dice(text: &str) -> Dice {
    text.parse()
        .unwrap_or_else(|refusal| panic!("{text:?}: {refusal}"))
}

fn refused(text: &str) -> DiceRefusal {
    text.parse::<Dice>().unwrap_err()
}

fn seed(number: u64) -> Seed {
    Seed(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

#[test]
fn a_roll_has_one_spelling_whatever_was_written() {
    let table = [
        ("d20", "1d20"),
        (" D20 ", "1d20"),
        ("2 d 20 K H 1 + 5", "2d20kh1+5"),
        ("+4d6kl3-2", "4d6kl3-2"),
        ("-1d4", "-1d4"),
        ("7", "7"),
        ("1d6+1d8-10-2d10", "1d6+1d8-10-2d10"),
        ("0012d0006", "12d6"),
        ("100d1000kh100", "100d1000kh100"),
        ("1000000", "1000000"),
    ];
    for (text, canonical) in table {
        assert_eq!(dice(text).to_string(), canonical);
        assert_eq!(dice(canonical), dice(text), "{text}");
    }
}

#[test]
fn what_is_no_roll_is_refused_by_its_rule() {
    let unexpected = |at, wanted| DiceRefusal::Unexpected { at, wanted };
    let long = "1".repeat(DICE_TEXT_BYTES_MAX + 1);
    let terms = ["1"; DICE_TERMS_MAX + 1].join("+");
    let table = [
        ("", DiceRefusal::Empty),
        ("   ", DiceRefusal::Empty),
        (long.as_str(), DiceRefusal::TooLong),
        ("x", unexpected(0, "number or die")),
        ("d", unexpected(1, "number")),
        ("1d6 1d6", unexpected(4, "+ or -")),
        ("1d6+", unexpected(4, "number or die")),
        ("1d6k3", unexpected(4, "h or l")),
        ("1d6kh", unexpected(5, "number")),
        ("1d6\n", unexpected(3, "+ or -")),
        ("１d6", unexpected(0, "number or die")),
        ("--1d6", unexpected(1, "number or die")),
        (terms.as_str(), DiceRefusal::Terms),
        ("0d6", DiceRefusal::Count),
        ("101d6", DiceRefusal::Count),
        ("99999999999d6", DiceRefusal::Count),
        ("50d6+51d6", DiceRefusal::Count),
        ("1d1", DiceRefusal::Sides),
        ("1d1001", DiceRefusal::Sides),
        ("1d65538", DiceRefusal::Sides),
        ("4d6kh5", DiceRefusal::Keep),
        ("4d6kl0", DiceRefusal::Keep),
        ("1000001", DiceRefusal::Constant),
    ];
    for (text, refusal) in table {
        assert_eq!(refused(text), refusal, "{text:?}");
        assert!(refusal.rule().starts_with("dice."));
    }
}

#[test]
fn the_best_or_the_worst_faces_are_kept_and_of_equal_ones_the_first() {
    assert_eq!(Keep::Highest(3).drops(&[3, 6, 3, 1]), [3]);
    assert_eq!(Keep::Highest(2).drops(&[3, 6, 3, 1]), [2, 3]);
    assert_eq!(Keep::Lowest(1).drops(&[3, 6, 3, 1]), [0, 1, 2]);
    assert_eq!(Keep::Lowest(2).drops(&[3, 6, 3, 1]), [1, 2]);
    assert_eq!(Keep::Highest(2).drops(&[4, 4]), [0_usize; 0]);
}

/// Made once, and checked by a second program that has only the description in `seed.rs`.
#[test]
fn known_seeds_give_known_faces() {
    type Known = (&'static str, [u8; 32], &'static [&'static [u16]], i64);
    let table: [Known; 4] = [
        ("d20", [0; 32], &[&[16]], 16),
        (
            "4d6kh3",
            std::array::from_fn(|at| u8::try_from(at).unwrap()),
            &[&[6, 2, 5, 3]],
            14,
        ),
        (
            "3d1000-2d10+7",
            [255; 32],
            &[&[428, 585, 47], &[9, 1], &[]],
            1057,
        ),
        (
            "8d2+8d3",
            *b"guildhall, the seed of a test 01",
            &[&[2, 1, 1, 2, 2, 2, 1, 1], &[2, 2, 3, 3, 3, 1, 3, 1]],
            30,
        ),
    ];
    for (text, seed, faces, total) in table {
        let seed = Seed(seed);
        let rolled = dice(text).roll(&seed);
        let found: Vec<&[u16]> = rolled
            .terms
            .iter()
            .map(|term| term.faces.as_slice())
            .collect();
        assert_eq!(found, faces, "{text} {seed}");
        assert_eq!(rolled.total, total, "{text} {seed}");
    }
}

#[test]
fn a_sum_counts_what_is_kept_and_takes_off_what_is_to_be_taken_off() {
    let rolled = dice("4d6kh3-1d4+10").roll(&seed(7));
    let [best, off, ten] = rolled.terms.as_slice() else {
        panic!("three terms: {rolled:?}")
    };
    let lowest = best.faces.iter().min().unwrap();
    let all: u16 = best.faces.iter().sum();
    assert_eq!(best.dropped.len(), 1);
    assert_eq!(best.sum, i64::from(all - lowest));
    assert_eq!(off.sum, -i64::from(off.faces[0]));
    assert_eq!((ten.faces.len(), ten.sum), (0, 10));
    assert_eq!(rolled.total, best.sum + off.sum + ten.sum);
}

/// Pearson's chi-squared of 100,000 faces against all being as likely. The bound is where a fair die lands once in
/// some 10^9 runs (mean k, deviation sqrt(2k), 6 of them and a little for the skew); the seeds are the same each time.
#[test]
fn faces_are_uniform() {
    for sides in [2_u16, 3, 6, 20, 100, 1000] {
        let counts = counted(sides, |seed| seed.face(0, 0, sides));
        let squared = chi_squared(&counts);
        let bound = bound(sides);
        println!("d{sides}: chi-squared {squared:.1}, bound {bound:.1}");
        assert!(squared < bound, "d{sides}: {squared} over {bound}");
    }
}

#[test]
fn a_die_that_favours_a_face_is_found_by_the_same_bound() {
    for sides in [6_u16, 20, 100] {
        // One face takes half of the throws of its neighbour.
        let loaded = |seed: &Seed| match seed.face(0, 0, sides) {
            2 if seed.face(1, 0, 2) == 1 => 1,
            face => face,
        };
        let squared = chi_squared(&counted(sides, loaded));
        assert!(squared > bound(sides), "d{sides}: {squared}");
    }
}

fn counted(sides: u16, face: impl Fn(&Seed) -> u16) -> Vec<u32> {
    let mut counts = vec![0; usize::from(sides)];
    for number in 0..100_000 {
        let face = face(&seed(number));
        assert!((1..=sides).contains(&face), "d{sides}: {face}");
        counts[usize::from(face) - 1] += 1;
    }
    counts
}

fn chi_squared(counts: &[u32]) -> f64 {
    let all: u32 = counts.iter().sum();
    let expected = f64::from(all) / f64::from(u32::try_from(counts.len()).unwrap());
    let square = |&count: &u32| (f64::from(count) - expected).powi(2) / expected;
    counts.iter().map(square).sum()
}

fn bound(sides: u16) -> f64 {
    let freedom = f64::from(sides) - 1.0;
    freedom + 6.0 * (2.0 * freedom).sqrt() + 28.0
}

#[test]
fn dice_of_one_roll_do_not_repeat_each_other() {
    let rolled = dice("50d1000+50d1000").roll(&seed(1));
    let [first, second] = rolled.terms.as_slice() else {
        panic!("two terms: {rolled:?}")
    };
    assert_ne!(first.faces, second.faces);
    let distinct: std::collections::HashSet<_> = first.faces.iter().collect();
    assert!(distinct.len() > 40, "{first:?}");
}

#[test]
fn a_seed_is_hex_in_json_and_nothing_in_a_log() {
    let seed = seed(3);
    let json = serde_json::to_string(&seed).unwrap();
    assert_eq!(json.len(), 66);
    assert_eq!(serde_json::from_str::<Seed>(&json).unwrap(), seed);
    assert!(serde_json::from_str::<Seed>("\"ab\"").is_err());
    assert!(!format!("{seed:?}").contains(&json[1..9]));
}

/// Texts of the letters that rolls are made of: many of them are rolls.
fn nearly_a_roll() -> impl Strategy<Value = String> {
    "[0-9dDkhl+\\- ]{0,24}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_text_is_a_roll_or_refused(text in any::<String>()) {
        if let Ok(dice) = text.parse::<Dice>() {
            prop_assert_eq!(dice.to_string().parse(), Ok(dice));
        }
    }

    #[test]
    fn every_roll_stays_within_its_bounds(text in nearly_a_roll(), bytes in any::<[u8; 32]>()) {
        let Ok(dice) = text.parse::<Dice>() else { return Ok(()) };
        let spelled = dice.to_string();
        prop_assert!(spelled.len() <= DICE_TEXT_BYTES_MAX);
        prop_assert_eq!(spelled.parse::<Dice>(), Ok(dice.clone()));
        let rolled = dice.roll(&Seed(bytes));
        prop_assert_eq!(&rolled, &dice.roll(&Seed(bytes)));
        prop_assert!(rolled.terms.len() <= DICE_TERMS_MAX);
        let thrown: usize = rolled.terms.iter().map(|term| term.faces.len()).sum();
        prop_assert!(thrown <= usize::from(DICE_MAX));
        prop_assert!(rolled.total.abs() <= 8 * i64::from(DICE_CONSTANT_MAX) + 100_000);
        let json = serde_json::to_string(&rolled).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rolled>(&json).unwrap(), rolled);
    }
}
