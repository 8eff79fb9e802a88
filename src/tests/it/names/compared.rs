//! Index and database, set apart by another program: found, told, set right.

use guildhall_protocol::Code;
use guildhall_store::DEFAULT_REALM;
use guildhall_testkit::eventually;
use guildhall_testkit::quoted;
use serde_json::json;
use uuid::Uuid;

use super::{Place, assert_equal, compare, figures};
use crate::harness::{PATIENCE, Server};

async fn differs(server: &Server) -> (usize, usize) {
    let compared = compare(&server.hall).await;
    (compared.index_minus_database, compared.database_minus_index)
}

/// Until the repair that follows a difference is through: then no comparison is under way.
async fn until_equal(server: &Server) {
    eventually(PATIENCE, "index and database to be equal", async || {
        (differs(server).await == (0, 0)).then_some(())
    })
    .await;
}

async fn set_apart(place: Place) {
    let server = place.server_that_is_asked_to_compare();
    let sql = place.sql();
    let client = server.player("player").await.client;
    for name in ["Anna", "Bert", "Carl"] {
        client.create_character(name, json!({})).await.unwrap();
    }
    assert_eq!(differs(&server).await, (0, 0));

    // A name that vanished is free again, one that somebody wrote without a hash is found and hashed.
    sql.run("DELETE FROM names WHERE name_key = 'anna'");
    assert_eq!(differs(&server).await, (1, 0));
    until_equal(&server).await;
    let [id, owner, realm] = [Uuid::now_v7(), Uuid::now_v7(), DEFAULT_REALM].map(quoted);
    sql.run(&format!(
        "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version,
         claimed_at) VALUES ({id}, {realm}, 'guild', {owner}, 'ghost', 'Ghost', 'ghost', 1, 0)"
    ));
    assert_eq!(differs(&server).await, (0, 1));
    until_equal(&server).await;
    let ghost = client
        .create_character("GHOST", json!({}))
        .await
        .unwrap_err();
    assert_eq!(ghost.refusal().unwrap().code, Code::NameTaken);

    // A hash that rotted is made anew, another owner is believed.
    sql.run("UPDATE names SET key_hash = key_hash - 1 WHERE name_key = 'bert'");
    assert_ne!(differs(&server).await, (0, 0));
    until_equal(&server).await;
    sql.run(&format!(
        "UPDATE names SET owner_id = {owner} WHERE name_key = 'carl'"
    ));
    assert_eq!(differs(&server).await, (1, 1));
    until_equal(&server).await;
    client.create_character("Anna", json!({})).await.unwrap();
    assert!(figures(&server.hall).await.alarms >= 4);
    assert_equal(&server, &sql).await;
}

#[tokio::test]
async fn what_another_program_changed_is_found_told_and_set_right() {
    set_apart(Place::file()).await;
}

#[tokio::test]
async fn what_another_program_changed_is_found_told_and_set_right_with_postgresql_too() {
    set_apart(Place::postgres()).await;
}
