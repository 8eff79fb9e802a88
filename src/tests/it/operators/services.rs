//! An operator makes realms and services over the admin listener.

use guildhall_client::ClientError;
use guildhall_protocol::Code;
use serde_json::json;

use super::{admin, writable};
use crate::harness::PATIENCE;

#[tokio::test]
async fn a_realm_and_a_service_in_it_are_made_and_its_tokens_are_renewed_and_revoked() {
    let server = writable();
    let admin = admin(&server);
    let realm = json!({ "name": "north" });
    admin.post("/admin/realms", &realm).await.unwrap();
    let again = admin.post("/admin/realms", &realm).await;
    assert_eq!(again.unwrap_err().code(), Some(Code::NameTaken));
    let service = json!({ "realm": "north", "login": "game-1" });
    let made = admin.post("/admin/services", &service).await.unwrap();
    let again = admin.post("/admin/services", &service).await;
    assert_eq!(again.unwrap_err().code(), Some(Code::LoginTaken));
    let id = made["account"].as_str().unwrap().parse().unwrap();
    let token = made["token"].as_str().unwrap().to_owned();
    let (client, _events) = server.http().account(id, token).connect().await.unwrap();
    assert_eq!(client.welcome().realm, "north");

    let account = json!({ "account": id });
    admin.post("/admin/tokens/revoke", &account).await.unwrap();
    client.ended().await;
    let renewed = admin.post("/admin/services/renew", &account).await.unwrap();
    let token = renewed["token"].as_str().unwrap().to_owned();
    server.http().account(id, token).connect().await.unwrap();
    let nobody = json!({ "account": uuid::Uuid::now_v7() });
    for path in ["/admin/services/renew", "/admin/tokens/revoke"] {
        let nobody = admin.post(path, &nobody).await;
        assert_eq!(nobody.unwrap_err().code(), Some(Code::NotFound), "{path}");
    }
    let shown = admin.get("/admin/realms").await.unwrap();
    let names: Vec<_> = shown["realms"].as_array().unwrap().iter().collect();
    let names: Vec<_> = names.iter().map(|it| it["name"].as_str()).collect();
    assert_eq!(names, [Some("main"), Some("north")]);
}

#[tokio::test]
async fn sessions_end_with_their_tokens_also_while_the_database_does_not_answer() {
    let server = writable();
    let player = server.player("anna").await;
    let database = server.sql();
    database.begin_and_lock("batches");
    let account = json!({ "account": player.account.id() });
    let admin = admin(&server);
    let revoked = admin.post("/admin/tokens/revoke", &account).await;
    assert_eq!(revoked.unwrap_err().code(), Some(Code::Unavailable));
    let ended = tokio::time::timeout(PATIENCE, player.client.ended()).await;
    database.run("ROLLBACK");
    assert!(matches!(
        ended.unwrap(),
        ClientError::Closed { code: 4000, .. }
    ));
    // It may be asked again, unlike a sign-out.
    admin.post("/admin/tokens/revoke", &account).await.unwrap();
    let again = player.account.connect().await.map(drop);
    assert_eq!(again.unwrap_err().code(), Some(Code::Unauthenticated));
}
