//! What is beyond a bound is refused by its name, and the bounds add up.

use super::*;
use crate::board_format::FormatLimits;

const LIMITS: fn() -> ActLimits = ActLimits::default;

fn refusal(deed: Deed) -> ActRefusal {
    act(&mut ActState::default(), &base(), &GM, deed).unwrap_err()
}

fn taken(deed: Deed) -> bool {
    act(&mut ActState::default(), &base(), &GM, deed).is_ok()
}

fn long(chars: usize) -> String {
    "😀".repeat(chars)
}

fn sized(size: f64) -> Deed {
    let size = Size(Cells::ONE, Cells::new(size).unwrap());
    place(ABSENT, Token { size, ..token(1.0) })
}

fn owned(owners: u128) -> Deed {
    let owners = (0..owners).map(Uuid::from_u128).collect();
    place(
        ABSENT,
        Token {
            owners,
            ..token(1.0)
        },
    )
}

fn noted(chars: usize) -> Deed {
    Deed::Roll {
        dice: "d20".to_owned(),
        note: long(chars),
        secret: false,
    }
}

#[test]
fn each_bound_is_taken_at_its_edge_and_refused_beyond_it() {
    let cases = [
        (
            move_to(OPEN, 8_192.0),
            move_to(OPEN, 8_192.001),
            "act.coordinates",
        ),
        (
            move_to(OPEN, -8_192.0),
            move_to(OPEN, -1e300),
            "act.coordinates",
        ),
        (sized(1_024.0), sized(1_024.001), "act.size"),
        (sized(0.001), sized(0.0), "act.size"),
        (sized(1.0), sized(-1.0), "act.size"),
        (owned(8), owned(9), "act.owners"),
        (area(3), area(2), "act.area_points"),
        (area(64), area(65), "act.area_points"),
        (
            name(OPEN, &long(200)),
            name(OPEN, &long(201)),
            "act.text_length",
        ),
        (
            write(&long(200), false),
            write(&long(201), false),
            "act.text_length",
        ),
        (noted(200), noted(201), "act.text_length"),
        (
            name(OPEN, "🏴\u{200d}☠"),
            name(OPEN, "a\u{202e}b"),
            "act.text",
        ),
        (
            write("two words", false),
            write("two\nlines", false),
            "act.text",
        ),
        (roll("100d1000", false), roll("101d6", false), "dice.count"),
        (roll("d2", false), roll("d1", false), "dice.sides"),
    ];
    for (good, bad, rule) in cases {
        assert!(taken(good.clone()), "{good:?}");
        let refusal = refusal(bad);
        assert_eq!((refusal.code(), refusal.rule()), ("act_invalid", rule));
    }
}

#[test]
fn what_is_not_there_or_is_there_already_is_named() {
    let on_nothing = Token {
        layer: Some(ABSENT),
        ..token(1.0)
    };
    let cases = [
        (place(OPEN, token(1.0)), "token_exists"),
        (place(HIDDEN, token(1.0)), "token_exists"),
        (place(ABSENT, on_nothing), "layer_unknown"),
        (Deed::Remove { token: ABSENT }, "token_unknown"),
        (reveal(Reveal::Layer(ABSENT)), "layer_unknown"),
        (hide(Hide::Layer(ABSENT)), "layer_unknown"),
        (reveal(Reveal::Label(LABEL)), "label_unknown"),
        (hide(Hide::Label(LABEL)), "label_unknown"),
        (write("", false), "label_unknown"),
        (hide(Hide::Area(AREA)), "area_unknown"),
    ];
    for (deed, code) in cases {
        assert_eq!(refusal(deed.clone()).code(), code, "{deed:?}");
    }
}

/// Fills up with `more` of a thing until it is refused; how many were taken, and by which rule it ended.
fn filled(more: impl Fn(u128) -> Deed) -> (usize, &'static str) {
    let base = Base::default();
    let mut state = ActState::default();
    for taken in 0.. {
        let id = 0x1000 + u128::try_from(taken).unwrap();
        if let Err(refusal) = act(&mut state, &base, &GM, more(id)) {
            assert_eq!(refusal.code(), "limit_reached");
            return (taken, refusal.rule());
        }
    }
    unreachable!("something is refused")
}

#[test]
fn a_board_takes_so_many_things_and_no_more() {
    let tokens = filled(|id| place(Uuid::from_u128(id), token(1.0)));
    assert_eq!(tokens, (5_000, "limits.acts.tokens_max"));
    let labels = filled(|id| Deed::Label {
        on: LabelOn::Board {
            label: Uuid::from_u128(id),
            at: at(0.0, 0.0),
            hidden: true,
        },
        text: "x".to_owned(),
    });
    assert_eq!(labels, (512, "limits.acts.labels_max"));
    let areas = filled(|id| {
        let id = Uuid::from_u128(id);
        let points = vec![at(0.0, 0.0); 3];
        reveal(Reveal::Area { id, points })
    });
    assert_eq!(areas, (256, "limits.acts.areas_max"));
}

#[test]
fn what_is_full_still_takes_what_adds_nothing() {
    let base = Base::default();
    let mut state = ActState::default();
    let limits = ActLimits {
        tokens_max: 1,
        labels_max: 1,
        areas_max: 1,
        ..LIMITS()
    };
    let steps = [
        (place(OPEN, token(1.0)), true),
        (place(LIT, token(1.0)), false),
        (move_to(OPEN, 2.0), true),
        (Deed::Remove { token: OPEN }, true),
        (place(LIT, token(1.0)), true),
        (write("a", false), true),
        (write("b", false), true),
        (write("", false), true),
        (write("c", false), true),
        (area(3), true),
        (area(4), true),
        (hide(Hide::Area(AREA)), true),
        (area(3), true),
    ];
    for (number, (deed, is_taken)) in (1..).zip(steps) {
        let asked = (op(number), deed.clone());
        let answer = state.apply(&base, &GM, asked, &drawn(number), &limits);
        assert_eq!(answer.is_ok(), is_taken, "{deed:?}");
    }
}

#[test]
fn a_layer_is_shown_at_once_only_if_what_lies_on_it_fits_a_message() {
    let mut base = base();
    let piece = Token {
        layer: Some(HIDDEN_LAYER),
        ..token(1.0)
    };
    // One lies there already.
    for id in 1..512 {
        let id = Uuid::from_u128(0x2000 + id);
        base.tokens.insert(id, piece.clone());
    }
    let ask = |base: &Base| {
        let deed = reveal(Reveal::Layer(HIDDEN_LAYER));
        act(&mut ActState::default(), base, &GM, deed)
    };
    assert_eq!(ask(&base).unwrap().open.unwrap().changes.len(), 513);
    base.tokens.insert(ABSENT, piece.clone());
    assert_eq!(
        ask(&base).unwrap_err().rule(),
        "limits.acts.tokens_shown_max"
    );
    let piece = Token {
        hidden: true,
        ..piece
    };
    base.tokens.insert(ABSENT, piece);
    assert!(ask(&base).is_ok());
}

/// A base with so many tokens that were all made as large as they may be, and everything else to the brim.
fn fullest(limits: &ActLimits) -> (Base, ActState) {
    let far = at(-8_191.123, 8_191.123);
    let id = |kind: u128, number: usize| {
        Uuid::from_u128((kind << 120) | u128::MAX >> 8 & !(u128::try_from(number).unwrap()))
    };
    let large = |number| Token {
        rotation: Degrees::new(359.999).unwrap(),
        size: Size(
            Cells::new(1_023.999).unwrap(),
            Cells::new(1_023.999).unwrap(),
        ),
        asset: Some(id(1, number)),
        name: long(limits.token_name_chars_max),
        owners: (0..limits.owners_max).map(|owner| id(2, owner)).collect(),
        layer: Some(id(3, 0)),
        hidden: true,
        ..Token::new(far)
    };
    let mut base = Base::default();
    let mut state = ActState::default();
    for number in 0..FormatLimits::default().layers_max {
        base.layers.insert(id(3, number), Layer::default());
        state.layers.insert(id(3, number), false);
    }
    for number in 0..limits.tokens_max {
        base.tokens.insert(id(5, number), token(1.0));
        state.gone.insert(id(5, number));
        state.tokens.insert(id(6, number), large(number));
    }
    for number in 0..limits.labels_max {
        let text = long(limits.label_chars_max);
        let label = Label {
            at: far,
            text,
            hidden: true,
        };
        state.labels.insert(id(7, number), label);
    }
    for number in 0..limits.areas_max {
        let points = vec![far; limits.area_points_max];
        state.areas.insert(id(8, number), points);
    }
    for secret in [false, true] {
        for _ in 0..ROLLS_KEPT {
            let deed = Deed::Roll {
                dice: "93d1000kh1+1d1000kh1+1d1000kh1+1d1000kh1+1d1000kh1+1d1000kh1+1d1000kh1+1d1000kh1".to_owned(),
                note: long(limits.note_chars_max),
                secret,
            };
            act(&mut state, &base, &GM, deed).unwrap();
        }
    }
    (base, state)
}

#[test]
fn the_fullest_state_is_within_its_bound_and_comes_back() {
    let limits = LIMITS();
    let (base, state) = fullest(&limits);
    let bytes = state.encode().unwrap();
    println!("the fullest state has {} bytes", bytes.len());
    assert!(bytes.len() <= limits.state_bytes_max);
    // Not by far, or the bound would say little.
    assert!(bytes.len() >= limits.state_bytes_max / 2, "{}", bytes.len());
    assert_eq!(ActState::decode(&bytes).unwrap(), state);
    assert_eq!(state.tokens(&base).count(), limits.tokens_max);
}

#[test]
fn the_longest_acts_are_within_their_bound() {
    let limits = LIMITS();
    let (base, state) = fullest(&limits);
    let piece = state.tokens.values().next().unwrap().clone();
    let id = Uuid::from_u128(u128::MAX);
    let points = vec![at(-8_191.123, 8_191.123); limits.area_points_max];
    let note = "\"".repeat(limits.note_chars_max);
    let deeds = [
        place(id, piece),
        reveal(Reveal::Area { id: AREA, points }),
        write(&"\\".repeat(200), true),
        write(&long(200), true),
        Deed::Roll {
            dice: "d6".to_owned() + &" ".repeat(126),
            note,
            secret: true,
        },
    ];
    for deed in deeds {
        let limits = ActLimits {
            tokens_max: usize::MAX,
            labels_max: usize::MAX,
            areas_max: usize::MAX,
            ..LIMITS()
        };
        let mut state = state.clone();
        let asked = (id, deed);
        let applied = state.apply(&base, &GM, asked, &drawn(1), &limits).unwrap();
        let bytes = applied.record.encode().unwrap();
        assert!(bytes.len() <= ACT_BYTES_MAX, "{}", bytes.len());
    }
}
