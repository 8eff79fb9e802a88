//! Texts of version 1 that games in the field send and read. A change here
//! is a change of the protocol: add a message, do not edit one.

use guildhall_protocol::http::{ErrorBody, SignIn, SignUp, SignedIn, SocketTicket};
use guildhall_protocol::{
    Answer, Ask, Code, Event, GiveToCharacter, GiveToGuild, Receipt, Refusal, Request, Role,
    SavingState, ServerFrame,
};
use serde_json::{Value, json};

use crate::samples::{self, id};

const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn requests_have_their_frozen_form() {
    let text = |body| value(&Request { id: id(1), body }.to_json());
    assert_eq!(
        text(Ask::CampaignInvite {
            campaign: id(2),
            role: Role::Gm
        }),
        json!({"id": ONE, "type": "campaign.invite", "campaign": TWO, "role": "gm"})
    );
    assert_eq!(
        text(Ask::SessionKeepalive {}),
        json!({"id": ONE, "type": "session.keepalive"})
    );
    assert_eq!(
        text(Ask::BoardUpload {
            board: id(2),
            base: None,
            size_bytes: 5,
            format: None
        }),
        json!({"id": ONE, "type": "board.upload", "board": TWO, "base": null,
            "size_bytes": 5, "format": null})
    );
}

#[test]
fn a_save_names_the_receipt_it_waits_for_or_does_not() {
    let text = |until| {
        let body = Ask::ShipSave {
            guild: id(2),
            base_version: 4,
            state: json!(1),
            until,
            give: Vec::new(),
            take: Vec::new(),
            note: None,
        };
        value(&Request { id: id(1), body }.to_json())
    };
    let plain =
        json!({"id": ONE, "type": "ship.save", "guild": TWO, "base_version": 4, "state": 1});
    assert_eq!(text(None), plain);
    let mut durable = plain;
    durable["until"] = json!("durable");
    assert_eq!(text(Some(Receipt::Durable)), durable);
}

#[test]
fn what_saves_have_come_to_is_told_in_its_frozen_form() {
    let text = |event| value(&ServerFrame::Event { seq: 8, event }.to_json());
    assert_eq!(
        text(Event::CharacterDurable {
            character: id(2),
            version: 5
        }),
        json!({"type": "character.durable", "seq": 8, "character": TWO, "version": 5})
    );
    assert_eq!(
        text(Event::ShipDurable {
            guild: id(2),
            version: 5
        }),
        json!({"type": "ship.durable", "seq": 8, "guild": TWO, "version": 5})
    );
    let saving = |state| {
        text(Event::ServerSaving {
            state,
            oldest_unsaved_ms: Some(7),
        })
    };
    assert_eq!(
        saving(SavingState::SavingDelayed),
        json!({"type": "server.saving", "seq": 8, "state": "saving_delayed", "oldest_unsaved_ms": 7})
    );
    assert_eq!(saving(SavingState::ReadOnly)["state"], "read_only");
    assert_eq!(saving(SavingState::Saving)["state"], "saving");
}

#[test]
fn the_end_of_a_session_is_told_in_its_frozen_form() {
    let text = |reason: Option<&str>, reconnect_after_ms| {
        let event = Event::SessionEnding {
            cause: "kicked".to_owned(),
            reason: reason.map(str::to_owned),
            reconnect_after_ms,
        };
        value(&ServerFrame::Event { seq: 8, event }.to_json())
    };
    assert_eq!(
        text(Some("blows"), Some(9)),
        json!({"type": "session.ending", "seq": 8, "cause": "kicked", "reason": "blows", "reconnect_after_ms": 9})
    );
    assert_eq!(
        text(None, None),
        json!({"type": "session.ending", "seq": 8, "cause": "kicked"})
    );
}

#[test]
fn saves_that_move_something_have_their_frozen_form() {
    let text = |body| value(&Request { id: id(1), body }.to_json());
    let save = |give, take| Ask::CharacterSave {
        character: id(2),
        base_version: 4,
        state: json!(1),
        until: None,
        give,
        take,
    };
    let mut plain = json!({"id": ONE, "type": "character.save", "character": TWO,
        "base_version": 4, "state": 1});
    assert_eq!(text(save(vec![], vec![])), plain);
    let give = GiveToGuild {
        escrow: id(1),
        to_guild: id(2),
        what: json!("rope"),
    };
    plain["give"] = json!([{"escrow": ONE, "to_guild": TWO, "what": "rope"}]);
    plain["take"] = json!([TWO]);
    assert_eq!(text(save(vec![give], vec![id(2)])), plain);
    let give = GiveToCharacter {
        escrow: id(1),
        to_character: id(2),
        what: json!(3),
    };
    assert_eq!(
        serde_json::to_value(give).unwrap(),
        json!({"escrow": ONE, "to_character": TWO, "what": 3})
    );
    assert_eq!(
        text(Ask::CharacterList { after: None }),
        json!({"id": ONE, "type": "character.list"})
    );
    let list = Ask::EscrowList {
        character: None,
        guild: Some(id(2)),
        after: None,
    };
    assert_eq!(
        text(list),
        json!({"id": ONE, "type": "escrow.list", "guild": TWO})
    );
}

#[test]
fn what_others_do_is_told_in_its_frozen_form() {
    let text = |event| value(&ServerFrame::Event { seq: 8, event }.to_json());
    assert_eq!(
        text(Event::CharacterReplaced {
            character: id(2),
            reason: "played_elsewhere".into()
        }),
        json!({"type": "character.replaced", "seq": 8, "character": TWO, "reason": "played_elsewhere"})
    );
    assert_eq!(
        text(Event::ShipChanged {
            guild: id(2),
            version: 5,
            by: id(1),
            receipt: Receipt::Safe
        }),
        json!({"type": "ship.changed", "seq": 8, "guild": TWO, "version": 5, "by": ONE, "receipt": "safe"})
    );
    assert_eq!(
        text(Event::GuildMemberLeft {
            guild: id(2),
            account: id(1),
            by: id(1)
        }),
        json!({"type": "guild.member_left", "seq": 8, "guild": TWO, "account": ONE, "by": ONE})
    );
}

#[test]
fn an_answer_has_its_frozen_form() {
    let answer = Answer::CharacterSaved {
        character: id(2),
        version: 5,
        receipt: Receipt::Durable,
    };
    assert_eq!(
        value(&ServerFrame::Answer { re: id(1), answer }.to_json()),
        json!({"re": ONE, "type": "character.saved", "character": TWO, "version": 5,
            "receipt": "durable"})
    );
}

#[test]
fn the_welcome_has_its_frozen_form() {
    let text = ServerFrame::Answer {
        re: id(1),
        answer: samples::welcome(),
    }
    .to_json();
    let mut told = value(&text);
    // Added later, so a reader of the first form finds nothing else changed.
    let saving = told.as_object_mut().unwrap().remove("saving");
    assert_eq!(saving, Some(json!("read_only")));
    assert_eq!(
        told,
        json!({
            "re": ONE, "type": "session.welcome", "version": "guildhall.v1",
            "server_build": "guildhall 0.1.0", "login": "aino", "realm": "main",
            "session": "00000000-0000-0000-0000-000000000007",
            "account": "00000000-0000-0000-0000-000000000009",
            "limits": {"frame_bytes_max": 67584, "message_bytes_max": 262144,
                "chunk_bytes_max": 65536, "upload_bytes_max": 134217728,
                "state_bytes_max": 65536, "outbox_frames_max": 256, "outbox_bytes_max": 1048576},
            "heartbeat": {"ping_interval_ms": 10000, "liveness_timeout_ms": 15000,
                "keepalive_interval_ms": 300000, "idle_timeout_ms": 3600000},
        })
    );
}

#[test]
fn a_refusal_has_its_frozen_form() {
    let error = Refusal::new(Code::RoleForbidden, "You are a player.");
    assert_eq!(
        value(&ServerFrame::Refused { re: None, error }.to_json()),
        json!({"re": null, "error": {"code": "role_forbidden", "message": "You are a player.",
            "rule": "rights.role", "retry": "never",
            "next": "Ask a GM of the campaign to do it or to change your role."}})
    );
    let conflict = value(&serde_json::to_string(&samples::refusal()).unwrap());
    assert_eq!(conflict["retry"], "after_reload");
    assert_eq!(conflict["detail"]["head"]["revision"], 3);
}

#[test]
fn an_event_has_its_frozen_form() {
    let event = Event::BoardUnbound {
        board: samples::id(2),
        reason: "panic".into(),
    };
    assert_eq!(
        value(&ServerFrame::Event { seq: 8, event }.to_json()),
        json!({"type": "board.unbound", "seq": 8, "board": samples::id(2), "reason": "panic"})
    );
}

#[test]
fn http_bodies_have_their_frozen_form() {
    let body = |text: &str| value(text);
    let sign_up: SignUp = serde_json::from_str(r#"{"login": "a", "password": "p"}"#).unwrap();
    assert_eq!(
        (sign_up.login.as_str(), sign_up.password.as_str()),
        ("a", "p")
    );
    let sign_in: SignIn = serde_json::from_str(r#"{"login": "a", "password": "p"}"#).unwrap();
    assert_eq!(sign_in.device, None);
    let signed_in = SignedIn {
        token: "t".into(),
        account: id(1),
        expires_at_us: 2,
    };
    assert_eq!(
        body(&serde_json::to_string(&signed_in).unwrap()),
        json!({"token": "t", "account": ONE, "expires_at_us": 2})
    );
    let ticket = SocketTicket {
        ticket: "t".into(),
        expires_at_us: 2,
    };
    assert_eq!(
        body(&serde_json::to_string(&ticket).unwrap()),
        json!({"ticket": "t", "expires_at_us": 2})
    );
    let error = ErrorBody {
        error: Refusal::new(Code::Unauthenticated, "No token."),
    };
    assert_eq!(
        body(&serde_json::to_string(&error).unwrap())["error"]["code"],
        "unauthenticated"
    );
}
