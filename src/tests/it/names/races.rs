//! Many who want one name at once: exactly one gets it, or nobody if it was ever anybody's.

use guildhall::character::{self, Actor};
use guildhall::names;
use guildhall_protocol::{Code, Refusal};
use guildhall_store::changes::CreateGuild;
use guildhall_store::{Change, DEFAULT_REALM, NameOwner, OwnerKind};
use guildhall_testkit::quoted;
use serde_json::json;
use uuid::Uuid;

use super::{Place, assert_equal, figures, key};
use crate::harness::Server;

const CLAIMANTS: usize = 64;
const ROUNDS: u32 = 200;
/// Every tenth name was somebody's once: long ago, by any measure that a program may have had.
const OLD_EVERY: u32 = 10;
const DAYS_AGO: [i64; 3] = [8 * 365 + 3, 3_001, 30 * 365];

/// Letters that Latin and Cyrillic share by their looks.
const LATIN: [char; 6] = ['a', 'c', 'e', 'o', 'p', 'y'];
const CYRILLIC: [char; 6] = ['а', 'с', 'е', 'о', 'р', 'у'];

/// The letters of a round's name; each round has its own.
fn letters(round: u32) -> Vec<usize> {
    (0..6)
        .map(|place| round as usize / 6_usize.pow(place) % 6)
        .collect()
}

fn spelt(round: u32, alphabet: [char; 6]) -> String {
    letters(round)
        .into_iter()
        .map(|letter| alphabet[letter])
        .collect()
}

/// The name in every way to write it that must not be somebody else's.
fn variants(round: u32) -> Vec<String> {
    let (latin, cyrillic) = (spelt(round, LATIN), spelt(round, CYRILLIC));
    let wide = |c: char| char::from_u32(c as u32 + 0xFEE0).unwrap();
    let capital = format!("{}{}", latin[..1].to_uppercase(), &latin[1..]);
    let hidden = format!("{}\u{200D}{}", &latin[..1], &latin[1..]);
    vec![
        latin.to_uppercase(),
        latin.chars().map(wide).collect(),
        latin.to_uppercase().chars().map(wide).collect(),
        cyrillic.to_uppercase(),
        hidden,
        capital,
        cyrillic,
        latin,
    ]
}

async fn create_guild(server: &Server, by: &Actor, name: &str) -> Result<(), Refusal> {
    let name = character::checked_name(name)?;
    let id = Uuid::now_v7();
    let owner = NameOwner {
        kind: OwnerKind::Guild,
        id,
    };
    let change = Change::CreateGuild(CreateGuild {
        founded_max: usize::MAX,
        id,
        realm: by.realm,
        founder: by.account,
        name: names::row(by.realm, &name),
        ship_schema_version: 1,
        ship_state: "{}".into(),
        invite: None,
    });
    let taken = names::take(&server.hall, owner, by.realm, name, change, by.author());
    taken.await.map(drop)
}

/// One claim: a new character, a new guild, or another name for a character that there is.
async fn claim(
    server: &Server,
    by: &Actor,
    hero: Uuid,
    nth: usize,
    name: &str,
) -> Result<(), Refusal> {
    match nth % 4 {
        0 | 1 => {
            let made =
                character::create(server.hall.clone(), by.clone(), name.to_owned(), json!({}));
            made.await.map(drop)
        }
        2 => create_guild(server, by, name).await,
        _ => {
            let name = character::checked_name(name)?;
            character::rename(&server.hall, by, hero, name)
                .await
                .map(drop)
        }
    }
}

/// Names from decades ago, as only the database knows them.
fn bury(place: &Place) {
    let now = jiff::Timestamp::now().as_microsecond();
    for round in (0..ROUNDS).step_by(OLD_EVERY as usize) {
        let name = key(&spelt(round, LATIN));
        let days = DAYS_AGO[(round / OLD_EVERY) as usize % DAYS_AGO.len()];
        let at = now - days * 86_400_000_000;
        let (id, owner) = (Uuid::now_v7(), Uuid::now_v7());
        let [id, owner, realm] = [id, owner, DEFAULT_REALM].map(quoted);
        let [key, display, skeleton] = [name.key, name.display, name.skeleton].map(quoted);
        place.sql().run(&format!(
            "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version,
             claimed_at) VALUES ({id}, {realm}, 'character', {owner}, {key}, {display}, {skeleton}, 1, {at})"
        ));
    }
}

async fn race(place: Place) {
    place.migrate();
    bury(&place);
    let (server, sql) = (place.server(), place.sql());
    let account = server.player("claimant").await.account.id();
    let by = Actor {
        account,
        realm: DEFAULT_REALM,
        session: Uuid::now_v7(),
        is_service: false,
    };
    // Each rename has a character of its own, or the second would free what the first one got.
    let mut heroes = Vec::new();
    for nth in 0..CLAIMANTS / 4 {
        let name = format!("Standby {nth}");
        let hero = character::create(server.hall.clone(), by.clone(), name, json!({}));
        heroes.push(hero.await.unwrap().character);
    }
    for round in 0..ROUNDS {
        let names = variants(round);
        let claims = (0..CLAIMANTS).map(|nth| {
            let name = &names[(nth * 7 + round as usize) % names.len()];
            claim(&server, &by, heroes[nth / 4], nth, name)
        });
        let outcomes = futures_util::future::join_all(claims).await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        let winners = usize::from(round % OLD_EVERY != 0);
        assert_eq!(won.len(), winners, "round {round}: {:?}", names.last());
        for refusal in lost.into_iter().map(Result::unwrap_err) {
            let expected = [Code::NameTaken, Code::NameConfusable, Code::NameInvalid];
            assert!(
                expected.contains(&refusal.code),
                "round {round}: {refusal:?}"
            );
            assert_ne!(refusal.rule, "name.unique_in_database", "round {round}");
        }
        assert_equal(&server, &sql).await;
    }
    assert_eq!(figures(&server.hall).await.alarms, 0);
}

#[tokio::test]
async fn of_64_who_want_one_name_in_all_its_spellings_one_gets_it_in_each_of_200_rounds() {
    race(Place::file()).await;
}

#[tokio::test]
async fn of_64_who_want_one_name_one_gets_it_with_postgresql_too() {
    race(Place::postgres()).await;
}
