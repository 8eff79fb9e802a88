//! What becomes of a text that is not a request: the right code, and the id
//! wherever it could be read.

use guildhall_protocol::{Ask, BadRequest, Code, Request, ServerFrame};
use uuid::Uuid;

use crate::samples;

const ID: &str = "00000000-0000-0000-0000-000000000001";

fn refused(text: &str) -> (Code, Option<Uuid>, String) {
    let BadRequest { re, refusal } = Request::parse(text).unwrap_err();
    (refusal.code, re, refusal.message)
}

#[test]
fn text_that_is_no_json_object_is_malformed() {
    for text in [
        "",
        "{",
        "[]",
        "7",
        "{}{}",
        "{\"id\": \"\u{0}\"}",
        "\"board.open\"",
    ] {
        let (code, re, _) = refused(text);
        assert_eq!((code, re), (Code::MalformedJson, None), "{text}");
    }
}

#[test]
fn an_array_of_the_fields_in_order_is_no_request() {
    for text in [
        format!(r#"["{ID}", "character.rename"]"#),
        format!(r#" ["{ID}", "board.open"]"#),
    ] {
        let (code, re, _) = refused(&text);
        assert_eq!((code, re), (Code::MalformedJson, None), "{text}");
    }
}

#[test]
fn a_state_with_a_number_or_a_nesting_beyond_all_bounds_is_malformed() {
    for state in ["1e999".to_owned(), "[".repeat(1000) + &"]".repeat(1000)] {
        let (code, re, _) = refused(&format!(
            r#"{{"id": "{ID}", "type": "character.create", "name": "n", "state": {state}}}"#
        ));
        assert_eq!(
            (code, re),
            (Code::MalformedJson, Some(samples::id(1))),
            "{state}"
        );
    }
}

#[test]
fn the_order_and_the_spelling_of_fields_do_not_matter() {
    let text = format!(r#"{{"board": "{ID}", "\u0074ype": "board\u002eopen", "id": "{ID}"}}"#);
    let board = samples::id(1);
    assert_eq!(
        Request::parse(&text).unwrap().body,
        Ask::BoardOpen { board }
    );
}

#[test]
fn nesting_without_end_is_malformed_and_does_not_overflow_the_stack() {
    let deep = format!(
        r#"{{"id": "{ID}", "type": "board.open", "x": {}"#,
        "[".repeat(1_000_000)
    );
    assert_eq!(refused(&deep).0, Code::MalformedJson);
}

#[test]
fn a_request_without_a_uuid_as_id_is_refused() {
    for text in [
        r#"{"type": "session.keepalive"}"#,
        r#"{"id": 7, "type": "session.keepalive"}"#,
        r#"{"id": "seven", "type": "session.keepalive"}"#,
    ] {
        let (code, re, _) = refused(text);
        assert_eq!((code, re), (Code::BadRequestId, None), "{text}");
    }
}

#[test]
fn an_unknown_type_is_refused_by_name() {
    let (code, re, message) = refused(&format!(r#"{{"id": "{ID}", "type": "board.explode"}}"#));
    assert_eq!((code, re), (Code::UnknownType, Some(samples::id(1))));
    assert!(message.contains("board.explode"), "{message}");
}

#[test]
fn a_long_unknown_type_is_not_echoed_whole() {
    let long = "x".repeat(100_000);
    let (code, _, message) = refused(&format!(r#"{{"id": "{ID}", "type": "{long}"}}"#));
    assert_eq!(code, Code::UnknownType);
    assert!(message.len() < 400, "{} bytes", message.len());
}

#[test]
fn a_missing_type_is_an_unknown_type() {
    for text in [
        format!(r#"{{"id": "{ID}"}}"#),
        format!(r#"{{"id": "{ID}", "type": 3}}"#),
    ] {
        assert_eq!(refused(&text).0, Code::UnknownType);
    }
}

#[test]
fn a_wrong_field_is_refused_with_its_name_or_its_fault() {
    for (fields, told) in [
        ("", "board"),
        (r#", "board": "b""#, "UUID"),
        (r#", "board": null"#, "null"),
    ] {
        let (code, re, message) = refused(&format!(
            r#"{{"id": "{ID}", "type": "board.open"{fields}}}"#
        ));
        assert_eq!(
            (code, re),
            (Code::BadField, Some(samples::id(1))),
            "{fields}"
        );
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_wrong_text_in_a_field_is_not_echoed_whole() {
    let long = "x".repeat(100_000);
    let (code, _, message) = refused(&format!(
        r#"{{"id": "{ID}", "type": "campaign.invite", "campaign": "{ID}", "role": "{long}"}}"#
    ));
    assert_eq!(code, Code::BadField);
    assert!(message.len() < 400, "{} bytes", message.len());
}

#[test]
fn a_version_that_is_negative_or_too_large_is_a_bad_field() {
    for version in ["-1", "4294967296", "1.5", "1e3"] {
        let text = format!(
            r#"{{"id": "{ID}", "type": "ship.save", "guild": "{ID}", "base_version": {version}, "state": {{}}}}"#
        );
        assert_eq!(refused(&text).0, Code::BadField, "{version}");
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let text = format!(r#"{{"id": "{ID}", "type": "board.open", "board": "{ID}", "mood": [1]}}"#);
    let request = Request::parse(&text).unwrap();
    assert_eq!(
        request.body,
        Ask::BoardOpen {
            board: samples::id(1)
        }
    );
}

#[test]
fn optional_fields_may_be_left_out() {
    let text = format!(r#"{{"id": "{ID}", "type": "session.hello", "build": "game"}}"#);
    let hello = Ask::SessionHello {
        build: "game".into(),
        device: None,
        features: vec![],
    };
    assert_eq!(Request::parse(&text).unwrap().body, hello);
}

#[test]
fn a_bad_request_becomes_a_refusal_frame_with_the_same_id() {
    let bad = Request::parse(&format!(r#"{{"id": "{ID}", "type": "x.y"}}"#)).unwrap_err();
    let error = bad.refusal.clone();
    assert_eq!(
        ServerFrame::from(bad),
        ServerFrame::Refused {
            re: Some(samples::id(1)),
            error
        }
    );
}
