//! An operator decides about names over the admin listener.

use guildhall_protocol::Code;
use serde_json::json;

use super::{admin, writable};

#[tokio::test]
async fn a_reserved_name_is_nobodys_until_the_reservation_ends() {
    let server = writable();
    let player = server.player("the-player").await;
    let wish = json!({ "name": "Moderator" });
    let admin = admin(&server);
    admin.post("/admin/names/reserve", &wish).await.unwrap();
    let held = admin.get("/admin/names/main/moderator").await.unwrap();
    assert_eq!(held["holder"]["kind"], "reserved");
    let taken = player.client.create_character("moderator", json!({})).await;
    assert_eq!(taken.unwrap_err().code(), Some(Code::NameTaken));
    admin.post("/admin/names/unreserve", &wish).await.unwrap();
    player
        .client
        .create_character("moderator", json!({}))
        .await
        .unwrap();
    let again = admin.post("/admin/names/unreserve", &wish).await;
    assert_eq!(again.unwrap_err().code(), Some(Code::NotFound));
    let nowhere = json!({ "realm": "nowhere", "name": "Moderator" });
    let nowhere = admin.post("/admin/names/reserve", &nowhere).await;
    assert_eq!(nowhere.unwrap_err().code(), Some(Code::NotFound));
}

#[tokio::test]
async fn a_character_gets_another_name_and_its_old_one_back() {
    let server = writable();
    let player = server.player("the-player").await;
    let (hero, _) = player
        .client
        .create_character("Rude Word", json!({}))
        .await
        .unwrap();
    let id = hero.character;
    let admin = admin(&server);
    let order = json!({ "kind": "character", "id": id, "name": "Renamed", "reason": "rule 3" });
    admin.post("/admin/names/rename", &order).await.unwrap();
    assert_eq!(player.client.character(id).await.unwrap().name, "Renamed");
    let order = json!({ "kind": "character", "id": id, "reason": "it was a mistake" });
    let back = admin.post("/admin/names/restore", &order).await.unwrap();
    assert_eq!(back["name"], "Rude Word");
    assert_eq!(player.client.character(id).await.unwrap().name, "Rude Word");
    let order = json!({ "kind": "guild", "id": id, "name": "Renamed", "reason": "" });
    let nobody = admin.post("/admin/names/rename", &order).await;
    assert_eq!(nobody.unwrap_err().code(), Some(Code::NotFound));
}
