//! Renames that the name authority refuses by itself: nothing of them may reach the database.

use guildhall_protocol::Code;
use serde_json::json;

use super::scene::refusal;
use super::second_writer::SecondWriter;
use crate::harness::Server;

#[tokio::test]
async fn a_second_account_renaming_to_a_taken_name_is_refused_before_any_batch() {
    let server = Server::start();
    let (owner, other) = (server.player("owner").await, server.player("other").await);
    let theirs = owner.client.create_character("Ahab", json!({})).await;
    let theirs = theirs.unwrap().0;
    let his = other.client.create_character("Ishmael", json!({})).await;
    let his = his.unwrap().0.character;
    let second = SecondWriter::on(&server);
    let before = second.newest_batch();

    for (wish, code, rule) in [
        ("Ahab", Code::NameTaken, "name.unique"),
        ("aHAB", Code::NameTaken, "name.unique"),
        ("\u{ff21}hab", Code::NameTaken, "name.unique"),
    ] {
        let refused = refusal(other.client.rename_character(his, wish).await);
        assert_eq!(
            (refused.code, refused.rule.as_str()),
            (code, rule),
            "{wish}"
        );
        assert!(refused.message.contains("taken"), "{}", refused.message);
    }
    let created = other.client.create_character("AHAB", json!({})).await;
    assert_eq!(refusal(created).code, Code::NameTaken);
    let founded = other.client.create_guild("ahab").await;
    assert_eq!(refusal(founded).code, Code::NameTaken);

    assert_eq!(second.batches_after(before), []);
    assert!(second.refused().is_empty());
    assert_eq!(other.client.character(his).await.unwrap().name, "Ishmael");
    let kept = owner.client.character(theirs.character).await.unwrap();
    assert_eq!(kept.name, "Ahab");

    // The owner may write his own name differently, and who gives a name up can have it back.
    let respelt = owner.client.rename_character(kept.character, "AHAB").await;
    assert_eq!(respelt.unwrap().0, "AHAB");
    let gave_up = owner
        .client
        .rename_character(kept.character, "Elijah")
        .await;
    assert_eq!(gave_up.unwrap().0, "Elijah");
    // Nobody else, until it has cooled.
    let too_soon = refusal(other.client.rename_character(his, "Ahab").await);
    assert_eq!(
        (too_soon.code, too_soon.rule.as_str()),
        (Code::NameTaken, "name.cooling")
    );
    let back = owner.client.rename_character(kept.character, "Ahab").await;
    assert_eq!(back.unwrap().0, "Ahab");
}
