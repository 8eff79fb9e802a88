//! Names that break a rule, are taken, or look like one that is: refused for characters and guilds alike,
//! when they are made and when they are renamed.

use guildhall_protocol::Code;
use serde_json::json;

use super::{Bystander, assert_code};
use crate::harness::Server;

/// A name and the rule that refuses it.
fn broken_names() -> Vec<(String, &'static str)> {
    let long = "a".repeat(33);
    let wide = "\u{1F600}".repeat(3);
    let named = [
        ("", "name.empty"),
        (" ", "name.empty"),
        ("   ", "name.empty"),
        (long.as_str(), "name.too_long"),
        // 27 characters that fold to more than 32.
        ("ßßßßßßßßßßßßßßßßßßßßßßßßßßß", "name.too_long"),
        (" Anna", "name.spaces"),
        ("Anna ", "name.spaces"),
        ("An  na", "name.spaces"),
        ("An\u{200B}na", "name.zero_width"),
        ("An\u{200D}na", "name.zero_width"),
        ("\u{FEFF}Anna", "name.zero_width"),
        ("An\u{00AD}na", "name.zero_width"),
        ("Anna\u{FE0F}", "name.zero_width"),
        ("An\u{2060}na", "name.zero_width"),
        ("\u{E0041}Anna", "name.zero_width"),
        ("\u{202E}annA", "name.bidi"),
        ("Anna\u{200F}", "name.bidi"),
        ("\u{2066}Anna\u{2069}", "name.bidi"),
        ("Anna\u{061C}", "name.bidi"),
        ("An\nna", "name.control"),
        ("An\0na", "name.control"),
        ("An\u{7f}na", "name.control"),
        ("An\u{2028}na", "name.control"),
        ("Anna\u{E000}", "name.unassigned"),
        ("Anna\u{FFFF}", "name.unassigned"),
        ("Аnna", "name.mixed_script"),
        ("Anna Пётр", "name.mixed_script"),
        ("Annα", "name.mixed_script"),
        ("...", "name.no_letter"),
        ("\u{0301}Anna", "name.marks"),
        ("A\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}nna", "name.marks"),
        (wide.as_str(), "name.character"),
        ("<b>Anna</b>", "name.character"),
    ];
    named
        .iter()
        .map(|(name, rule)| ((*name).to_owned(), *rule))
        .chain([("x".repeat(100_000 / 2), "name.too_long")])
        .collect()
}

#[tokio::test]
async fn a_name_that_breaks_a_rule_is_refused_with_the_rules_name() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let client = server.player("namer").await.client;
    let (mine, _) = client
        .create_character("Good Name", json!({}))
        .await
        .unwrap();
    for (name, rule) in broken_names() {
        let shown: String = name.escape_unicode().take(60).collect();
        let created = client.create_character(&name, json!({})).await;
        assert_eq!(
            assert_code(created, Code::NameInvalid).rule,
            rule,
            "{shown}"
        );
        let renamed = client.rename_character(mine.character, &name).await;
        assert_eq!(
            assert_code(renamed, Code::NameInvalid).rule,
            rule,
            "{shown}"
        );
        let founded = client.create_guild(&name).await;
        assert_eq!(
            assert_code(founded, Code::NameInvalid).rule,
            rule,
            "{shown}"
        );
    }
    let characters = client.characters().await.unwrap();
    assert_eq!(characters.len(), 1);
    assert_eq!(
        (characters[0].name.as_str(), characters[0].version),
        ("Good Name", 1)
    );
    assert_eq!(client.guilds().await.unwrap(), []);
    bystander.is_served().await;
}

/// A taken name, another way to write it, and why it is refused.
const CLASHES: [(&str, &str, Code); 13] = [
    ("Anna Bell", "Anna Bell", Code::NameTaken),
    ("Anna Bell", "anna bell", Code::NameTaken),
    ("Anna Bell", "ANNA BELL", Code::NameTaken),
    ("Anna Bell", "Ａｎｎａ　Ｂｅｌｌ", Code::NameTaken),
    ("Straße", "STRASSE", Code::NameTaken),
    ("Straße", "strasse", Code::NameTaken),
    ("Straße", "Straẞe", Code::NameTaken),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ", Code::NameTaken),
    ("Zoë", "Zoe\u{0308}", Code::NameTaken),
    ("Zoë", "ZOË", Code::NameTaken),
    ("Cope", "Соре", Code::NameConfusable),
    ("Cope", "СОРЕ", Code::NameConfusable),
    ("Modern", "Modem", Code::NameConfusable),
];

#[tokio::test]
async fn a_name_that_differs_only_in_case_width_or_looks_from_a_taken_one_is_refused() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let holder = server.player("holder").await.client;
    let late = server.player("latecomer").await.client;
    let (own, _) = late
        .create_character("Somebody Else", json!({}))
        .await
        .unwrap();
    let mut held = std::collections::HashSet::new();
    for (index, (taken, other, code)) in CLASHES.into_iter().enumerate() {
        if held.insert(taken) {
            // Held by a character or a guild: they share one set of names.
            match index % 2 {
                0 => drop(holder.create_character(taken, json!({})).await.unwrap()),
                _ => drop(holder.create_guild(taken).await.unwrap()),
            }
        }
        let created = late.create_character(other, json!({})).await;
        assert_code(created, code);
        let renamed = late.rename_character(own.character, other).await;
        assert_code(renamed, code);
        let founded = late.create_guild(other).await;
        assert_code(founded, code);
    }
    assert_eq!(
        late.character(own.character).await.unwrap().name,
        "Somebody Else"
    );
    assert_eq!(late.characters().await.unwrap().len(), 1);
    assert_eq!(late.guilds().await.unwrap(), []);
    let status = guildhall::admin::status(&server.hall).await;
    let names = u64::try_from(held.len() + 1).unwrap();
    assert_eq!(status["names"]["taken"], names);
    assert_eq!(status["names"]["pending"], 0);
    assert_eq!(status["names"]["alarms"], 0);
    bystander.is_served().await;
}

/// Folding hides some look-alikes: `I` looks like `l`, `i` does not.
#[tokio::test]
async fn a_name_that_looks_like_a_taken_one_as_it_is_written_is_refused() {
    let server = Server::start();
    let holder = server.player("holder").await.client;
    let late = server.player("latecomer").await.client;
    for (taken, other) in [("Bo0m", "BoOm"), ("Ilsa", "llsa"), ("Merlin", "MerIin")] {
        holder.create_character(taken, json!({})).await.unwrap();
        let created = late.create_character(other, json!({})).await;
        assert_code(created, Code::NameConfusable);
    }
}

#[tokio::test]
async fn of_many_who_want_one_name_at_once_exactly_one_gets_it() {
    let server = Server::start();
    let first = server.player("first").await.client;
    let second = server.player("second").await.client;
    let variants = ["Loki", "LOKI", "loki", "Ｌｏｋｉ"];
    let claims = variants
        .iter()
        .flat_map(|name| [&first, &second].map(|client| (client, *name)));
    let claims = claims.map(|(client, name)| client.create_character(name, json!({})));
    let outcomes = futures_util::future::join_all(claims).await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for outcome in lost {
        assert_code(outcome, Code::NameTaken);
    }
    let all = [
        first.characters().await.unwrap(),
        second.characters().await.unwrap(),
    ]
    .concat();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn of_renames_that_are_sent_without_waiting_the_last_one_counts() {
    let server = Server::start_with(|config| config.limits.names_cooling_max = 100);
    let owner = server.player("owner").await.client;
    let other = server.player("other").await.client;
    let (hero, _) = owner.create_character("Hero", json!({})).await.unwrap();
    let mut held = "Hero".to_owned();
    for round in 0..10 {
        let (one, two) = (format!("Ahab {round}"), format!("Ishmael {round}"));
        let bystander = format!("Queequeg {round}");
        // Others claim meanwhile: one of the two, and a third one.
        let (first, second, rival, third) = futures_util::join!(
            owner.rename_character(hero.character, &one),
            owner.rename_character(hero.character, &two),
            other.create_character(&two, json!({})),
            other.create_character(&bystander, json!({})),
        );
        third.unwrap();
        assert_eq!(first.unwrap().0, one);
        let (now, left) = match second {
            Ok((name, _)) => {
                assert_eq!(name, two);
                assert_code(rival, Code::NameTaken);
                (two, vec![held, one])
            }
            lost => {
                assert_code(lost, Code::NameTaken);
                rival.unwrap();
                (one, vec![held])
            }
        };
        let hero = owner.character(hero.character).await.unwrap();
        assert_eq!(hero.name, now, "round {round}");
        let taken = assert_code(
            other.create_character(&now, json!({})).await,
            Code::NameTaken,
        );
        assert_eq!(taken.rule, "name.unique");
        // What the owner left is kept for it.
        for name in left {
            let kept = other.create_character(&name, json!({})).await;
            assert_eq!(assert_code(kept, Code::NameTaken).rule, "name.cooling");
        }
        held = now;
    }
    let status = guildhall::admin::status(&server.hall).await;
    let figures = &status["names"];
    assert_eq!(
        (&figures["pending"], &figures["alarms"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn a_title_is_free_text_within_bounds() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let client = &table.gm.client;
    let long = "x".repeat(81);
    for title in ["", "   ", "two\nlines", "nul\0", &long] {
        let campaign = client.create_campaign(title).await;
        assert_eq!(assert_code(campaign, Code::NameInvalid).rule, "title.shape");
        let board = client.create_board(table.campaign, title, "opaque").await;
        assert_eq!(assert_code(board, Code::NameInvalid).rule, "title.shape");
    }
    assert_eq!(client.campaigns().await.unwrap().len(), 1);
    assert_eq!(client.boards(table.campaign).await.unwrap().len(), 1);
}
