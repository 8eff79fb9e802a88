//! An operator sees who is here, and keeps people out and lets them in again.

use guildhall_client::{AdminClient, ClientError};
use guildhall_protocol::Code;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{admin, writable};
use crate::harness::{PASSWORD, Server};

async fn refused(admin: &AdminClient, path: &str, body: Value) -> (Option<Code>, String) {
    let error = admin.post(path, &body).await.unwrap_err();
    let refusal = error.refusal().expect("a refusal");
    (Some(refusal.code), refusal.rule.clone())
}

#[tokio::test]
async fn the_sessions_of_an_account_are_shown_and_those_of_nobody_else() {
    let server = writable();
    let admin = admin(&server);
    let anna = server.player("anna").await;
    let http = server.http();
    let phone = http.sign_in("anna", PASSWORD, Some("phone")).await.unwrap();
    let (phone, _events) = phone.connect().await.unwrap();
    let _ben = server.player("ben").await;
    let path = format!("/admin/sessions?account={}", anna.account.id());
    let shown = admin.get(&path).await.unwrap();
    let shown: Vec<_> = shown["sessions"].as_array().unwrap().iter().collect();
    let of = |it: &Value| {
        let text = |key: &str| it[key].as_str().unwrap().to_owned();
        (text("session"), text("login"), text("device"))
    };
    let shown: Vec<_> = shown.into_iter().map(of).collect();
    let session = |it: &guildhall_client::Client| it.welcome().session.to_string();
    let expected = [
        (session(&anna.client), "anna".to_owned(), String::new()),
        (session(&phone), "anna".to_owned(), "phone".to_owned()),
    ];
    assert_eq!(shown, expected);
    let all = admin.get("/admin/sessions").await.unwrap();
    assert_eq!(all["sessions"].as_array().unwrap().len(), 3);
    let none = format!("/admin/sessions?account={}", Uuid::now_v7());
    let none = admin.get(&none).await.unwrap();
    assert_eq!(none["sessions"], json!([]));
    let garbage = admin.get("/admin/sessions?account=anna").await;
    assert_eq!(garbage.unwrap_err().code(), Some(Code::BadField));
}

#[tokio::test]
async fn a_ban_is_told_with_its_reason_ends_at_its_time_and_is_lifted() {
    let server = writable();
    let admin = admin(&server);
    let anna = server.account("anna").await;
    let id = anna.id();
    let ban = json!({ "account": id, "reason": "spam", "for_s": 3_600 });
    let until_us = admin.post("/admin/bans", &ban).await.unwrap()["until_us"].as_i64();
    let ends_in_us = until_us.unwrap() - server.hall.now_us();
    assert!((3_500_000_000..=3_600_000_000).contains(&ends_in_us));
    let banned = |error: ClientError| {
        assert!(
            matches!(error, ClientError::Http { status: 403, .. }),
            "{error}"
        );
        let refusal = error.refusal().expect("a refusal");
        assert_eq!(refusal.code, Code::Banned);
        assert!(refusal.message.contains("spam"), "{refusal}");
        let detail = json!({ "reason": "spam", "until_us": until_us });
        assert_eq!(refusal.detail.as_deref(), Some(&detail));
    };
    banned(anna.connect().await.map(drop).unwrap_err());
    banned(anna.socket_ticket().await.map(drop).unwrap_err());
    let sign_in = server.http().sign_in("anna", PASSWORD, None).await;
    banned(sign_in.map(drop).unwrap_err());
    // Who does not know the password does not learn of it.
    let guess = server
        .http()
        .sign_in("anna", "a wrong password", None)
        .await;
    let guess = guess.map(drop).unwrap_err().code();
    assert_eq!(guess, Some(Code::CredentialsWrong));
    let listed = admin.get("/admin/bans").await.unwrap();
    assert_eq!(listed["bans"][0]["account"], json!(id));
    assert_eq!(listed["bans"][0]["until_us"], json!(until_us));

    admin
        .post("/admin/bans/lift", &json!({ "account": id }))
        .await
        .unwrap();
    anna.connect().await.unwrap();
    let again = refused(&admin, "/admin/bans/lift", json!({ "account": id })).await;
    assert_eq!(again.0, Some(Code::NotFound));

    // One whose time is over keeps nobody out: it ends by itself.
    let ban = json!({ "account": id, "reason": "spam", "for_s": 1 });
    admin.post("/admin/bans", &ban).await.unwrap();
    let ended = async || server.http().sign_in("anna", PASSWORD, None).await.is_ok();
    guildhall_testkit::eventually(crate::harness::PATIENCE, "the end of the ban", ended).await;
    anna.connect().await.unwrap();
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused_and_does_nothing() {
    let server = writable();
    let admin = admin(&server);
    let anna = server.player("anna").await;
    let (id, nobody) = (anna.account.id(), Uuid::now_v7());
    let bad = (Some(Code::BadField), "reason.shape".to_owned());
    for reason in ["", &"x".repeat(201), "a\nb", "a\u{202e}b"] {
        let ban = json!({ "account": id, "reason": reason });
        assert_eq!(refused(&admin, "/admin/bans", ban.clone()).await, bad);
        assert_eq!(refused(&admin, "/admin/sessions/kick", ban).await, bad);
    }
    let both = json!({ "account": id, "session": id, "reason": "spam" });
    let neither = json!({ "reason": "spam" });
    for body in [both, neither] {
        let (code, _) = refused(&admin, "/admin/sessions/kick", body).await;
        assert_eq!(code, Some(Code::BadField));
    }
    let stranger = json!({ "account": nobody, "reason": "spam" });
    for path in ["/admin/bans", "/admin/sessions/kick"] {
        let (code, _) = refused(&admin, path, stranger.clone()).await;
        assert_eq!(code, Some(Code::NotFound), "{path}");
    }
    let session = json!({ "session": nobody, "reason": "spam" });
    let (code, _) = refused(&admin, "/admin/sessions/kick", session).await;
    assert_eq!(code, Some(Code::NotFound));
    anna.client.keep_alive().await.unwrap();
}

#[tokio::test]
async fn a_ban_that_the_database_did_not_take_holds_and_can_be_ordered_again_or_lifted() {
    let server = writable();
    let admin = admin(&server);
    let [anna, ben] = [server.account("anna").await, server.account("ben").await];
    let database = server.sql();
    database.begin_and_lock("batches");
    for who in [&anna, &ben] {
        let ban = json!({ "account": who.id(), "reason": "spam" });
        let (code, _) = refused(&admin, "/admin/bans", ban).await;
        assert_eq!(code, Some(Code::Unavailable));
        let again = who.connect().await.map(drop).unwrap_err().code();
        assert_eq!(again, Some(Code::Banned));
    }
    database.run("ROLLBACK");
    let lift = json!({ "account": anna.id() });
    admin.post("/admin/bans/lift", &lift).await.unwrap();
    anna.connect().await.unwrap();
    let ban = json!({ "account": ben.id(), "reason": "spam" });
    admin.post("/admin/bans", &ban).await.unwrap();
    let (id, token) = (ben.id(), ben.token().to_owned());
    let server: Server = server.restart().await;
    let ben = server.http().account(id, token);
    let again = ben.connect().await.map(drop).unwrap_err().code();
    assert_eq!(again, Some(Code::Banned));
}
