//! An operator makes realms and services over the admin listener.

use guildhall_protocol::Code;
use serde_json::json;

use super::{admin, writable};

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
