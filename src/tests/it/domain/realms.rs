//! Realms: logins, names and invites end at their border.

use guildhall::accounts;
use guildhall_client::{Client, Events};
use guildhall_protocol::http::{SignIn, SignUp};
use guildhall_protocol::{Code, Role};
use serde_json::json;

use super::refused;
use crate::harness::{PASSWORD, Server};

fn sign_up(login: &str, realm: &str) -> SignUp {
    SignUp {
        login: login.to_owned(),
        password: PASSWORD.to_owned(),
        realm: Some(realm.to_owned()),
    }
}

fn sign_in(login: &str, realm: &str) -> SignIn {
    SignIn {
        login: login.to_owned(),
        password: PASSWORD.to_owned(),
        device: None,
        realm: Some(realm.to_owned()),
    }
}

async fn northerner(server: &Server, login: &str) -> (Client, Events) {
    let http = server.http();
    http.sign_up_as(&sign_up(login, "north")).await.unwrap();
    let account = http.sign_in_as(&sign_in(login, "north")).await.unwrap();
    account.connect().await.unwrap()
}

#[tokio::test]
async fn each_realm_has_its_own_logins_names_and_invites() {
    let server = Server::start();
    accounts::create_realm(&server.hall, "north".to_owned())
        .await
        .unwrap();
    let here = server.player("anna").await.client;
    let (there, _events) = northerner(&server, "anna").await;
    assert_eq!(here.welcome().realm, "main");
    assert_eq!(there.welcome().realm, "north");
    assert_ne!(here.welcome().account, there.welcome().account);
    for client in [&here, &there] {
        client.create_character("Hero", json!({})).await.unwrap();
        client.create_guild("Crew").await.unwrap();
        refused(
            client.create_character("HERO", json!({})).await,
            Code::NameTaken,
        );
    }
    let campaign = there.create_campaign("Up north").await.unwrap();
    assert_eq!(campaign.realm, "north");
    assert_eq!(there.campaigns().await.unwrap()[0].realm, "north");
    let code = there.invite(campaign.campaign, Role::Player).await.unwrap();
    refused(here.join_campaign(&code).await, Code::InviteUnknown);
    let guild = there.guilds().await.unwrap()[0].guild;
    let code = there.invite_to_guild(guild).await.unwrap();
    refused(here.join_guild(&code).await, Code::InviteUnknown);
    let (friend, _friend_events) = northerner(&server, "bert").await;
    friend.join_guild(&code).await.unwrap();
}

#[tokio::test]
async fn a_realm_that_nobody_made_is_unknown_and_a_name_is_a_realms_once() {
    let server = Server::start();
    let http = server.http();
    let unknown = http.sign_up_as(&sign_up("anna", "nowhere")).await;
    assert_eq!(unknown.unwrap_err().code(), Some(Code::RealmUnknown));
    let unknown = http.sign_in_as(&sign_in("anna", "nowhere")).await;
    assert_eq!(unknown.unwrap_err().code(), Some(Code::RealmUnknown));
    // What no database could hold is no database's fault.
    let unknown = http.sign_in_as(&sign_in("anna", "nul\0")).await;
    assert_eq!(unknown.unwrap_err().code(), Some(Code::RealmUnknown));
    http.sign_up_as(&sign_up("anna", "main")).await.unwrap();
    http.sign_in("anna", PASSWORD, None).await.unwrap();
    accounts::create_realm(&server.hall, "north".to_owned())
        .await
        .unwrap();
    let wrong = http.sign_in_as(&sign_in("anna", "north")).await;
    assert_eq!(wrong.unwrap_err().code(), Some(Code::CredentialsWrong));
    for (name, code) in [
        ("north", Code::NameTaken),
        ("main", Code::NameTaken),
        ("North", Code::NameInvalid),
        ("", Code::NameInvalid),
        ("a\0", Code::NameInvalid),
    ] {
        let made = accounts::create_realm(&server.hall, name.to_owned()).await;
        assert_eq!(made.map_err(|it| it.code), Err(code), "{name:?}");
    }
}
