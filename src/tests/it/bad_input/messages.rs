//! Texts that are no requests, and requests out of turn: refused by code, and the connection lives on.

use guildhall_protocol::{Answer, Ask, Code, Refusal, Request, ServerFrame};
use guildhall_testkit::RawFrame;
use serde_json::json;
use uuid::Uuid;

use super::Bystander;
use crate::harness::{Server, Wire};

const ID: &str = "01970000-0000-7000-8000-00000000abcd";

/// What comes back for a text that is no good request.
async fn refused(wire: &mut Wire, text: &str) -> (Option<Uuid>, Refusal) {
    wire.send(&RawFrame::text(text)).await;
    match wire.next().await {
        ServerFrame::Refused { re, error } => (re, error),
        other => panic!("{text}: {other:?}"),
    }
}

#[tokio::test]
async fn a_text_that_is_no_request_is_refused_by_code_and_the_session_lives_on() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let account = server.account("mumbler").await;
    let mut wire = Wire::open(&server, &account).await;
    let nested = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let deep = format!(r#"{{"id":"{ID}","type":"character.create","name":"X","state":{nested}}}"#);
    let id = Some(ID.parse().unwrap());
    let cases = [
        (String::new(), None, Code::MalformedJson),
        ("hello".to_owned(), None, Code::MalformedJson),
        ("{".to_owned(), None, Code::MalformedJson),
        ("null".to_owned(), None, Code::MalformedJson),
        ("[]".to_owned(), None, Code::MalformedJson),
        ("{}{}".to_owned(), None, Code::MalformedJson),
        ("{\"id\":\"\u{0}\"}".to_owned(), None, Code::MalformedJson),
        (nested, None, Code::MalformedJson),
        (deep, id, Code::MalformedJson),
        ("{}".to_owned(), None, Code::BadRequestId),
        (r#"{"id":7,"type":"session.keepalive"}"#.to_owned(), None, Code::BadRequestId),
        (r#"{"id":"seven","type":"session.keepalive"}"#.to_owned(), None, Code::BadRequestId),
        (json!({"id": ID}).to_string(), id, Code::UnknownType),
        (json!({"id": ID, "type": 1}).to_string(), id, Code::UnknownType),
        (json!({"id": ID, "type": "board.burn"}).to_string(), id, Code::UnknownType),
        (json!({"id": ID, "type": "session.welcome"}).to_string(), id, Code::UnknownType),
        (json!({"id": ID, "type": "BOARD.OPEN"}).to_string(), id, Code::UnknownType),
        (json!({"id": ID, "type": "board.open"}).to_string(), id, Code::BadField),
        (json!({"id": ID, "type": "board.open", "board": "there"}).to_string(), id, Code::BadField),
        (json!({"id": ID, "type": "campaign.invite", "campaign": ID, "role": "king"}).to_string(), id, Code::BadField),
        (json!({"id": ID, "type": "board.upload", "board": ID, "size_bytes": -1}).to_string(), id, Code::BadField),
        (json!({"id": ID, "type": "board.upload", "board": ID, "size_bytes": 1.5}).to_string(), id, Code::BadField),
        (json!({"id": ID, "type": "character.save", "character": ID, "base_version": 4_294_967_296_u64, "state": {}}).to_string(), id, Code::BadField),
    ];
    for (text, re, code) in cases {
        let start: String = text.chars().take(80).collect();
        let (answered, error) = refused(&mut wire, &text).await;
        assert_eq!((answered, error.code), (re, code), "{start}");
        assert!(
            error.message.len() < 1000 && !error.next.is_empty(),
            "{start}"
        );
    }
    let named = refused(
        &mut wire,
        &json!({"id": ID, "type": "board.burn"}).to_string(),
    )
    .await;
    assert!(
        named.1.message.contains("board.burn"),
        "{}",
        named.1.message
    );
    wire.ask(Ask::SessionKeepalive {}).await.unwrap();
    bystander.is_served().await;
}

#[tokio::test]
async fn a_request_before_hello_is_refused_and_hello_still_works() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let account = server.account("rude").await;
    let mut wire = Wire::open_silent(&server, &account).await;
    let early = [
        Ask::SessionKeepalive {},
        Ask::CampaignCreate {
            name: "Too early".to_owned(),
        },
        Ask::CharacterCreate {
            name: "Early Bird".to_owned(),
            state: json!({}),
        },
        Ask::BoardOpen {
            board: Uuid::now_v7(),
        },
    ];
    for ask in early {
        let error = wire.ask(ask).await.unwrap_err();
        assert_eq!(error.code, Code::HelloFirst);
    }
    let hello = Ask::SessionHello {
        build: "late".to_owned(),
        device: None,
        features: vec!["x".to_owned()],
    };
    let welcome = wire.ask(hello).await.unwrap();
    assert!(
        matches!(welcome, Answer::SessionWelcome { .. }),
        "{welcome:?}"
    );
    // Nothing of what came too early was done.
    let campaigns = wire.ask(Ask::CampaignList {}).await.unwrap();
    assert_eq!(
        campaigns,
        Answer::CampaignListed {
            campaigns: Vec::new()
        }
    );
    let characters = wire.ask(Ask::CharacterList { after: None }).await.unwrap();
    assert_eq!(
        characters,
        Answer::CharacterListed {
            characters: Vec::new()
        }
    );
    bystander.is_served().await;
}

#[tokio::test]
async fn a_flood_of_requests_is_answered_one_by_one_or_refused_as_too_many() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let account = server.account("impatient").await;
    let mut wire = Wire::open(&server, &account).await;
    let asked: Vec<Uuid> = (0..500).map(|_| Uuid::now_v7()).collect();
    let mut flood = Vec::new();
    for id in &asked {
        let body = Ask::CampaignList {};
        flood.extend(RawFrame::text(&Request { id: *id, body }.to_json()).encode());
    }
    wire.socket.send(&flood).await.unwrap();
    let mut answered = Vec::new();
    for _ in &asked {
        match wire.next().await {
            ServerFrame::Answer { re, .. } => answered.push(re),
            ServerFrame::Refused { re, error } => {
                assert_eq!(error.code, Code::Overloaded);
                answered.push(re.unwrap());
            }
            other => panic!("{other:?}"),
        }
    }
    answered.sort();
    assert_eq!(answered, asked);
    bystander.is_served().await;
}
