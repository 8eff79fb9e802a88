//! What a clock that jumps could cost: sessions, sign-ins, invite codes, names that are kept, history. While the
//! server runs and over its starts; each time the same search finds the loss once the jump is believed.

use futures_util::future::{join_all, try_join_all};

use super::*;

/// Sessions that say nothing, and as many that save without a pause.
const IDLE: usize = 10;
/// Passes of the retention, each with some looks at the names, after which a loss would be there.
const PASSES: u64 = 4;
/// Believed whatever it is, in milliseconds: 20 years.
const ANY_MS: &str = "630720000000";

/// What there is to lose.
struct Stakes {
    /// Signed in before the jump.
    account: Account,
    /// Of the hero, who has borne another name.
    history_lines: i64,
    code: String,
}

const FORMER_NAME: &str = "Former Name";

impl Stakes {
    async fn at(host: &Host) -> Self {
        let account = signed_in(host, "the-owner").await;
        let (client, _events) = account.connect().await.unwrap();
        let made = client.create_character(FORMER_NAME, json!({})).await;
        let hero = made.unwrap().0.character;
        client.rename_character(hero, "Present Name").await.unwrap();
        for base in 1..6 {
            let saved = client.save_character(hero, base, json!({ "n": base }));
            saved.await.unwrap();
        }
        let campaign = client.create_campaign("Campaign").await.unwrap().campaign;
        let code = client.invite(campaign, Role::Player).await.unwrap();
        client.close().await;
        Self {
            account,
            history_lines: history_lines(host),
            code,
        }
    }

    /// What of it is gone.
    async fn losses(&self, host: &Host, newcomer: &str) -> Vec<&'static str> {
        let mut losses = Vec::new();
        if history_lines(host) < self.history_lines {
            losses.push("history");
        }
        let token = self.account.token().to_owned();
        let old = host.http().account(self.account.id(), token);
        if old.connect().await.is_err() {
            losses.push("sign-in");
        }
        // A sign-in with the password works whatever the clock does.
        let (client, _events) = signed_in(host, newcomer).await.connect().await.unwrap();
        if client.join_campaign(&self.code).await.is_err() {
            losses.push("code");
        }
        let taken = client.create_character(FORMER_NAME, json!({})).await;
        match taken {
            Ok(_) => losses.push("name"),
            Err(error) => assert_eq!(error.code(), Some(Code::NameTaken), "{error}"),
        }
        losses
    }
}

async fn signed_in(host: &Host, login: &str) -> Account {
    let http = host.http();
    http.sign_up(login, PASSWORD).await.unwrap();
    http.sign_in(login, PASSWORD, None).await.unwrap()
}

fn history_lines(host: &Host) -> i64 {
    let of_heroes = "SELECT count(*) FROM entity_history WHERE entity_id IN \
                     (SELECT owner_id FROM names WHERE display = 'Present Name')";
    host.world.sql().number(of_heroes)
}

/// The clock as the status shows it, after what is past its time was looked for some times more.
async fn clock_later(host: &Host) -> Value {
    let passes = |status: &Value| status["retention"]["passes"].as_u64();
    let before = passes(&host.status().await).unwrap();
    eventually(PATIENCE, "some passes of the retention", async || {
        let status = host.status().await;
        (passes(&status) >= Some(before + PASSES)).then(|| status["clock"].clone())
    })
    .await
}

fn days_ahead(clock: &Value) -> i64 {
    let days = clock["system_ahead_ms"].as_f64().unwrap() / (24.0 * 60.0 * 60.0 * 1000.0);
    days.round() as i64
}

/// Sessions of which each is there as long as nothing ends it.
struct Crowd {
    idle: Vec<Client>,
    busy: Vec<(Client, Uuid, u32)>,
}

impl Crowd {
    async fn on(host: &Host) -> Self {
        let account = signed_in(host, "the-crowd").await;
        let connect = || async { account.connect().await.map(|(client, _events)| client) };
        let idle = try_join_all((0..IDLE).map(|_| connect())).await.unwrap();
        let busy = (0..IDLE).map(async |n| {
            let client = connect().await.unwrap();
            let letter = char::from(b'A' + u8::try_from(n).unwrap());
            let name = format!("Busy {letter}nna");
            let made = client.create_character(&name, json!({})).await.unwrap();
            (client, made.0.character, 1)
        });
        Self {
            idle,
            busy: join_all(busy).await,
        }
    }

    /// Every busy one saves, some times one after the other, durably.
    async fn save(&mut self) {
        let saves = self.busy.iter_mut().map(async |(client, hero, version)| {
            for _ in 0..5 {
                let saved = client.save_character(*hero, *version, json!({ "v": version }));
                let saved = saved.await.unwrap();
                assert_eq!(saved.receipt, Receipt::Durable);
                *version = saved.version;
            }
        });
        join_all(saves).await;
    }

    /// The same sessions are there, and none was ended by the server.
    async fn is_whole(&self, host: &Host) {
        let status = host.status().await;
        let here = status["sessions"]["here"].as_u64().unwrap();
        assert!(here >= 2 * IDLE as u64, "{}", status["sessions"]);
        for cause in ["idle_expired", "liveness_lost", "signed_out"] {
            assert_eq!(status["sessions"]["ended_by_cause"][cause], Value::Null);
        }
    }

    /// The idle ones speak at last.
    async fn answers(&self) {
        let all = self.idle.iter().chain(self.busy.iter().map(|it| &it.0));
        try_join_all(all.map(|client| client.keep_alive()))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_jumps_under_a_running_server_ends_nobody_and_takes_nothing() {
    let host = Host::new();
    let stakes = Stakes::at(&host).await;
    let mut crowd = Crowd::on(&host).await;
    let jumps = [("-3600", 0), ("+3600", 0), ("+10y", 3650), ("-10y", -3650)];
    for (n, (difference, days)) in jumps.into_iter().enumerate() {
        host.set_clock(difference);
        crowd.save().await;
        let clock = clock_later(&host).await;
        assert_eq!(days_ahead(&clock), days, "{clock}");
        assert_eq!(clock["is_held"], json!(false));
        let next = clock["next"].as_str().unwrap();
        assert!(next.contains("guildhall clock --accept"), "{clock}");
        let losses = stakes.losses(&host, &format!("newcomer-{n}")).await;
        assert_eq!(losses, Vec::<&str>::new(), "{difference}");
        crowd.save().await;
        crowd.is_whole(&host).await;
    }
    crowd.answers().await;

    // The same jump, believed, is found to take all of it.
    host.set_clock("+10y");
    let accepted = host.admin().post("/admin/clock/accept", &json!({})).await;
    assert_eq!(accepted.unwrap()["why"], Value::Null);
    clock_later(&host).await;
    let losses = stakes.losses(&host, "newcomer-after").await;
    assert_eq!(losses, ["history", "sign-in", "code", "name"]);
}

#[tokio::test]
async fn a_clock_that_is_wrong_at_the_start_takes_nothing_until_somebody_says_that_it_is_right() {
    let host = Host::new();
    let stakes = Stakes::at(&host).await;
    // Twice the same: what was written meanwhile does not make it plausible.
    let starts = [
        ("+10y", true),
        ("+10y", true),
        ("-10y", true),
        ("+3600", false),
        ("-3600", false),
    ];
    let mut host = host;
    for (n, (difference, is_held)) in starts.into_iter().enumerate() {
        host = host.restart_at(difference, &[]);
        let clock = clock_later(&host).await;
        assert_eq!(clock["is_held"], json!(is_held), "{difference}: {clock}");
        assert_eq!(clock["why"].is_string(), is_held, "{clock}");
        let losses = stakes.losses(&host, &format!("newcomer-{n}")).await;
        assert_eq!(losses, Vec::<&str>::new(), "{difference}");
    }

    // A system that is put right is believed again by itself.
    host = host.restart_at("+10y", &[]);
    assert_eq!(clock_later(&host).await["is_held"], json!(true));
    host.set_clock("+0");
    eventually(PATIENCE, "a clock that is plausible again", async || {
        let clock = host.status().await["clock"].clone();
        (clock["is_held"] == json!(false) && clock["why"].is_null()).then_some(())
    })
    .await;
    assert_eq!(
        stakes.losses(&host, "newcomer-right").await,
        Vec::<&str>::new()
    );

    // Without the rule the same start takes all of it.
    let believed = ("GUILDHALL_LIMITS__CLOCK__AHEAD_MAX_MS", ANY_MS);
    host = host.restart_at("+10y", &[believed]);
    let clock = clock_later(&host).await;
    assert_eq!(clock["is_held"], json!(false), "{clock}");
    let losses = stakes.losses(&host, "newcomer-after").await;
    assert_eq!(losses, ["history", "sign-in", "code", "name"]);
}

#[tokio::test]
async fn the_command_tells_of_a_clock_that_is_held_and_has_it_go_on() {
    let host = Host::new();
    Stakes::at(&host).await;
    let host = host.restart_at("+10y", &[]);
    let clock = |arguments: &[&str]| {
        let mut command = program(&clock_of(&host.world));
        command.args(["clock", "--admin", &host.admin_url]);
        command.arg("--data").arg(host.world.path()).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let told = clock(&[]);
    assert!(told.contains("days ahead of the newest record"), "{told}");
    assert!(told.contains("guildhall clock --accept"), "{told}");
    let told = clock(&["--accept"]);
    assert!(!told.contains("ahead"), "{told}");
    let after = host.status().await["clock"].clone();
    assert_eq!(
        (&after["is_held"], &after["why"]),
        (&json!(false), &Value::Null)
    );
}
