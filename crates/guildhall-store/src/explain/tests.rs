//! Stories word by word: whoever reads them has lost something and is in no mood to guess.

use super::facts::*;
use super::*;

const SHIP: &str = "01970000-0000-7000-8000-00000000005e";
const SMITH: &str = "01970000-0000-7000-8000-00000000000a";
/// 2026-01-02T03:04:05Z.
const T0: i64 = 1_767_323_045_000_000;
const MINUTE: i64 = 60_000_000;

fn line(minute: i64, version: i64, cause: &str, has_state: bool) -> LineFact {
    LineFact {
        kind: "ship".into(),
        entity: SHIP.into(),
        version,
        account: SMITH.into(),
        session: None,
        batch: 10 + minute,
        write_seq: minute,
        cause: cause.into(),
        at: T0 + minute * MINUTE,
        has_state,
    }
}

fn refusal(minute: i64) -> RefusalFact {
    RefusalFact {
        id: 7,
        kind: "ship".into(),
        entity: SHIP.into(),
        version: 4,
        account: SMITH.into(),
        session: Some("s-1".into()),
        batch: 10 + minute,
        write_seq: minute,
        cause: "check".into(),
        constraint: Some("ships_state_length".into()),
        detail: "CHECK constraint failed.".into(),
        payload_bytes: 70_000,
        at: T0 + minute * MINUTE,
        others: 41,
        others_refused: 0,
    }
}

/// A ship of three versions whose fourth was refused.
fn ship() -> Entity {
    Entity {
        kind: Kind::Ship,
        id: SHIP.into(),
        present: Some(PresentFact {
            version: Some(3),
            state_bytes: 12,
            at: T0 + 2 * MINUTE,
            ..PresentFact::default()
        }),
        names: vec![NameFact {
            display: "The Sea Dogs".into(),
            realm: "r".into(),
            owner_kind: "guild".into(),
            owner_id: SHIP.into(),
            claimed_at: T0,
            cooling_until: None,
        }],
        lines: vec![
            line(0, 1, "created", true),
            line(1, 2, "saved", false),
            line(2, 3, "saved", true),
            line(3, 4, "check", false),
        ],
        lines_left_out: false,
        refusals: vec![refusal(3)],
        escrows: Vec::new(),
        ledger: vec![LedgerFact {
            version: 3,
            account: SMITH.into(),
            note: "new sails".into(),
            at: T0 + 2 * MINUTE,
        }],
        members: vec![(SMITH.into(), "leader".into())],
    }
}

fn asked(entity: Entity) -> Facts {
    Facts {
        asked: Some((entity.kind, entity.id.clone())),
        entities: vec![entity],
        logins: [(SMITH.to_owned(), "Smith".to_owned())].into(),
        ..Facts::default()
    }
}

#[test]
fn a_ship_that_is_there_is_told_from_its_making_to_its_last_refusal() {
    let told = tell(&asked(ship())).to_string();
    assert_eq!(
        told,
        "\
ship 01970000-0000-7000-8000-00000000005e
  2026-01-02T03:04:05Z  Made by Smith, in batch 10.
  2026-01-02T03:05:05Z  Version 2 was saved by Smith, in batch 11.
  2026-01-02T03:06:05Z  Version 3 was saved by Smith, in batch 12.
  2026-01-02T03:06:05Z  The ledger says of version 3: \"new sails\", by Smith.
  2026-01-02T03:07:05Z  Version 4 by Smith (session s-1) was refused in batch 13: it breaks a bound of the database (check, ships_state_length). CHECK constraint failed. Its 70000 bytes are kept as refused write 7. The 41 other writes of the batch were all taken.
The guild of the ship bears the name \"The Sea Dogs\" since 2026-01-02T03:04:05Z.
Members of the guild: Smith (leader).
The ship is there at version 3, with 12 bytes, written 2026-01-02T03:06:05Z.
1 write was refused since; version 3 is the newest good state.
Versions that can be put back: 1, 3. `guildhall restore ship 01970000-0000-7000-8000-00000000005e --version 3` puts the newest back.
"
    );
}

#[test]
fn a_ship_that_is_gone_is_called_missing_and_the_way_back_is_told() {
    let gone = Entity {
        present: None,
        ..ship()
    };
    let story = tell(&asked(gone));
    let told = story.to_string();
    for words in [
        "THE SHIP IS MISSING",
        "version 3, written 2026-01-02T03:06:05Z in batch 12",
        "guildhall restore ship 01970000-0000-7000-8000-00000000005e --version 3",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
    assert_eq!(story.restorable, [1, 3]);
}

#[test]
fn of_what_nothing_is_known_that_is_said() {
    let nothing = Entity {
        present: None,
        lines: Vec::new(),
        refusals: Vec::new(),
        ledger: Vec::new(),
        names: Vec::new(),
        members: Vec::new(),
        ..ship()
    };
    let story = tell(&asked(nothing));
    assert!(!story.found);
    assert_eq!(story.events, []);
    assert!(story.to_string().contains("Nothing is known of ship"));
}

#[test]
fn what_waits_between_two_sides_is_told_on_both() {
    let escrow = EscrowFact {
        id: "e-1".into(),
        from: ("ship".into(), SHIP.into()),
        from_version: 2,
        to: ("character".into(), "c-1".into()),
        bytes: 1,
        given_by: SMITH.into(),
        given_at: T0,
        taken_by: None,
        taken_at: None,
        to_version: None,
    };
    let taken = EscrowFact {
        id: "e-2".into(),
        taken_by: Some("c-9".into()),
        taken_at: Some(T0 + MINUTE),
        from: ("character".into(), "c-9".into()),
        to: ("ship".into(), SHIP.into()),
        to_version: Some(3),
        ..escrow.clone()
    };
    let told = tell(&asked(Entity {
        escrows: vec![escrow, taken],
        ..ship()
    }))
    .to_string();
    let given = format!("Smith gave 1 byte from ship {SHIP} to character c-1, as escrow e-1.");
    assert!(told.contains(&given), "{told}");
    assert!(
        told.contains("account c-9 took escrow e-2, with version 3."),
        "{told}"
    );
    assert!(told.contains("Escrow e-1 waits for character c-1 to take it."));
    assert!(!told.contains("Escrow e-2 waits"), "{told}");
    for crossed in [
        "Escrow e-1 left it with version 2: to put back",
        "Escrow e-2 arrived with version 3: to put back",
    ] {
        assert!(told.contains(crossed), "{told}");
    }
}

#[test]
fn a_batch_tells_of_everything_that_was_in_it() {
    let facts = Facts {
        asked: Some((Kind::Batch, "13".into())),
        batch: Some(BatchFacts {
            number: 13,
            mark: Some(("b-1".into(), T0)),
            lines: vec![line(3, 4, "check", false), line(3, 2, "saved", true)],
            refusals: vec![refusal(3)],
        }),
        ..Facts::default()
    };
    let told = tell(&facts).to_string();
    assert!(told.contains("Batch 13 (b-1) was committed 2026-01-02T03:04:05Z: 1 write that was taken and 1 refusal are told of it."), "{told}");
    assert!(told.contains("refused write 7"), "{told}");
}

#[test]
fn every_cause_of_a_refusal_has_words() {
    for cause in crate::write_behind::Cause::ALL {
        assert!(words::is_refusal(cause.as_str()));
        assert!(!words::reason(cause.as_str()).contains("does not know"));
    }
    assert!(!words::is_refusal("saved"));
    assert!(words::reason("sunspots").contains("does not know"));
}
