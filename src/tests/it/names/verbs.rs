//! What operators and time do to names.

use guildhall::character;
use guildhall::names::{self, FreeDue, Order};
use guildhall::persistence::Author;
use guildhall_protocol::{Code, Event, Refusal};
use guildhall_store::{DEFAULT_REALM, NameOwner, OwnerKind};
use serde_json::json;
use uuid::Uuid;

use super::{Place, assert_equal, key};
use crate::harness::Server;

fn owner(kind: OwnerKind, id: Uuid) -> NameOwner {
    NameOwner { kind, id }
}

fn order(reason: &str) -> Order {
    Order {
        by: Author {
            account: Uuid::nil(),
            session: None,
        },
        reason: reason.to_owned(),
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> (Code, String) {
    let refusal = outcome.unwrap_err();
    (refusal.code, refusal.rule.to_string())
}

async fn free_due(server: &Server) -> usize {
    let freed = server.hall.names.call(|reply| FreeDue { reply });
    freed.await.unwrap().unwrap()
}

async fn verbs(place: Place) {
    let server = place.server();
    let (hall, realm) = (&server.hall, DEFAULT_REALM);
    let mut player = server.player("player").await;
    let mut second = player.account.connect().await.unwrap();
    let other = server.player("other").await.client;
    let (hero, _) = player
        .client
        .create_character("Modem", json!({}))
        .await
        .unwrap();
    let hero = owner(OwnerKind::Character, hero.character);
    let (guild, _) = player.client.create_guild("Corsairs").await.unwrap();
    let guild = owner(OwnerKind::Guild, guild.guild);
    let (villain, _) = other.create_character("Villain", json!({})).await.unwrap();
    let villain = owner(OwnerKind::Character, villain.character);

    // A rename is told to the other sessions that show the name, an order to all.
    player
        .client
        .rename_character(hero.id, "Router")
        .await
        .unwrap();
    let heard = second.1.next().await.unwrap().event;
    let (character, reason) = (hero.id, "renamed".to_owned());
    let name = "Router".to_owned();
    assert_eq!(
        heard,
        Event::CharacterNameChanged {
            character,
            name,
            reason
        }
    );
    let because = || order("it was mistaken for another");
    names::force_rename(hall, guild, realm, key("Privateers"), because())
        .await
        .unwrap();
    for events in [&mut player.events, &mut second.1] {
        let told = Event::GuildNameChanged {
            guild: guild.id,
            name: "Privateers".to_owned(),
            reason: because().reason,
        };
        assert_eq!(events.next().await.unwrap().event, told);
    }

    // What looks alike an operator may allow; what is another's nobody.
    let alike = names::rename(hall, villain, realm, key("Routers"), because().by);
    alike.await.unwrap();
    let modern = key("Rnodern");
    names::force_rename(hall, hero, realm, key("Modern"), because())
        .await
        .unwrap();
    let refusal = refused(names::rename(hall, villain, realm, modern.clone(), because().by).await);
    assert_eq!(refusal, (Code::NameConfusable, "name.confusable".into()));
    names::force_rename(hall, villain, realm, modern, because())
        .await
        .unwrap();
    let refusal =
        refused(names::force_rename(hall, villain, realm, key("MODERN"), because()).await);
    assert_eq!(refusal, (Code::NameTaken, "name.unique".into()));

    // Given up, a name is kept for who had it, and comes back by its id alone.
    let refusal = refused(names::rename(hall, villain, realm, key("corsairs"), because().by).await);
    assert_eq!(refusal, (Code::NameTaken, "name.cooling".into()));
    let back = names::restore(hall.clone(), guild, realm, None, because()).await;
    assert_eq!(back.unwrap(), "Corsairs");
    let back = names::restore(hall.clone(), hero, realm, Some(key("Modem")), because()).await;
    assert_eq!(back.unwrap(), "Modem");
    names::release(hall, villain, realm, because().by)
        .await
        .unwrap();
    let refusal = refused(names::release(hall, villain, realm, because().by).await);
    assert_eq!(refusal.0, Code::NotFound);
    let back = names::restore(hall.clone(), villain, realm, None, because()).await;
    assert_eq!(back.unwrap(), "Rnodern");

    // Reserved, it is nobody's.
    names::reserve(hall, realm, key("Admin"), because().by)
        .await
        .unwrap();
    let refusal = refused(names::rename(hall, villain, realm, key("admin"), because().by).await);
    assert_eq!(refusal.0, Code::NameTaken);
    names::unreserve(hall.clone(), realm, key("ADMIN"), because().by)
        .await
        .unwrap();
    let again = names::unreserve(hall.clone(), realm, key("ADMIN"), because().by).await;
    assert_eq!(refused(again).0, Code::NotFound);
    names::rename(hall, villain, realm, key("admin"), because().by)
        .await
        .unwrap();
    let holder = names::holder(hall, realm, key("admin"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (holder.entry.owner, holder.cooling_until_us),
        (villain, None)
    );

    assert_eq!(free_due(&server).await, 0);
    assert_equal(&server, &place.sql()).await;
    drop(server);

    // A short time of cooling is over at once; the timer frees what is due, and anybody may have it.
    let server = place.server_that_cools(1);
    let hall = &server.hall;
    names::rename(hall, hero, realm, key("Brief"), because().by)
        .await
        .unwrap();
    names::rename(hall, hero, realm, key("Briefer"), because().by)
        .await
        .unwrap();
    let mut freed = 0;
    while freed < 2 {
        freed += free_due(&server).await;
    }
    names::rename(hall, villain, realm, key("Brief"), because().by)
        .await
        .unwrap();
    assert_equal(&server, &place.sql()).await;
    let name = character::checked_name("Modern").unwrap();
    let kept = names::rename(hall, villain, realm, name, because().by).await;
    assert_eq!(refused(kept).1, "name.cooling");
}

#[tokio::test]
async fn names_are_changed_given_up_kept_reserved_and_given_back() {
    verbs(Place::file()).await;
}

#[tokio::test]
async fn names_are_changed_given_up_kept_reserved_and_given_back_with_postgresql_too() {
    verbs(Place::postgres()).await;
}
