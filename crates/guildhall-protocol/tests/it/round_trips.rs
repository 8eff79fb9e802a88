//! Every message, written by one side, is the same message on the other.

use guildhall_protocol::{Answer, Ask, Event, Request, ServerFrame};

use crate::samples;

#[test]
fn every_request_comes_back_as_it_was_sent() {
    let told: Vec<_> = samples::asks().iter().map(Ask::type_name).collect();
    assert_eq!(told, Ask::TYPES, "a sample of every type");
    for body in samples::asks() {
        let sent = Request {
            id: samples::id(1),
            body,
        };
        assert_eq!(Request::parse(&sent.to_json()), Ok(sent));
    }
}

#[test]
fn every_answer_comes_back_as_it_was_sent() {
    let told: Vec<_> = samples::answers().iter().map(Answer::type_name).collect();
    assert_eq!(told, Answer::TYPES, "a sample of every type");
    for answer in samples::answers() {
        there_and_back(ServerFrame::Answer {
            re: samples::id(1),
            answer,
        });
    }
}

#[test]
fn every_event_comes_back_as_it_was_sent() {
    let told: Vec<_> = samples::events().iter().map(Event::type_name).collect();
    assert_eq!(told, Event::TYPES, "a sample of every type");
    for event in samples::events() {
        there_and_back(ServerFrame::Event { seq: 8, event });
    }
}

#[test]
fn a_refusal_comes_back_with_and_without_a_request_id() {
    for re in [Some(samples::id(1)), None] {
        there_and_back(ServerFrame::Refused {
            re,
            error: samples::refusal(),
        });
    }
}

#[test]
fn types_are_nouns_and_verbs_and_no_family_repeats_one() {
    let all = || Ask::TYPES.iter().chain(Answer::TYPES).chain(Event::TYPES);
    for name in all() {
        let (noun, verb) = name.split_once('.').unwrap();
        let word = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        assert!(word(noun) && word(verb), "{name}");
    }
    let unique: std::collections::BTreeSet<_> = all().collect();
    assert_eq!(unique.len(), all().count());
}

#[test]
fn a_client_reads_past_an_event_it_does_not_know() {
    let text = r#"{"type": "board.exploded", "seq": 3, "pieces": 12}"#;
    assert_eq!(
        ServerFrame::parse(text).unwrap(),
        ServerFrame::Unknown("board.exploded".into())
    );
}

#[test]
fn a_client_reads_past_fields_it_does_not_know() {
    let text = r#"{"type": "board.audience_changed", "seq": 3, "audience": 1, "mood": "good",
        "board": "00000000-0000-0000-0000-000000000002"}"#;
    let event = Event::BoardAudienceChanged {
        board: samples::id(2),
        audience: 1,
    };
    assert_eq!(
        ServerFrame::parse(text).unwrap(),
        ServerFrame::Event { seq: 3, event }
    );
}

#[test]
fn a_client_refuses_to_read_what_no_server_sends() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"re": null}"#,
        r#"{"re": "x", "type": "board.closed"}"#,
        r#"{"re": null, "error": {"code": "no_such_code"}}"#,
        r#"{"type": "board.audience_changed", "audience": 1}"#,
        r#"{"re": "00000000-0000-0000-0000-000000000002", "type": "board.exploded"}"#,
    ] {
        assert!(ServerFrame::parse(text).is_err(), "{text}");
    }
}

fn there_and_back(sent: ServerFrame) {
    assert_eq!(ServerFrame::parse(&sent.to_json()).unwrap(), sent);
}
