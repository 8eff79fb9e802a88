//! Guessing at passwords: by login and by address, of accounts that exist and of such as do not.

use guildhall::config::Config;
use guildhall_client::{ClientError, HttpClient};
use guildhall_protocol::Code;
use guildhall_protocol::http::{SIGN_IN_PATH, SOCKET_PATH};
use guildhall_testkit::eventually;
use serde_json::json;

use super::refusal;
use crate::harness::{HttpAnswer, PASSWORD, PATIENCE, Server, http};

/// A server behind a proxy that tells where its clients are: the tests are the proxy.
fn behind_a_proxy(change: impl FnOnce(&mut Config)) -> Server {
    Server::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        change(config);
    })
}

/// Somebody at this address tries to sign in.
async fn sign_in(server: &Server, from: &str, login: &str, password: &str) -> HttpAnswer {
    let body = json!({ "login": login, "password": password }).to_string();
    let head = format!(
        "POST {SIGN_IN_PATH} HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6, {from}\r\nContent-Type: application/json\r\n\
         Content-Length: {}",
        body.len()
    );
    http(server.address(), &head, body.as_bytes()).await
}

/// What everybody is told who is locked out, without what differs by time.
fn told(answer: &HttpAnswer) -> (u16, Code, String, String) {
    let refusal = answer.refusal();
    (answer.status, refusal.code, refusal.message, refusal.rule)
}

fn retry_after_s(answer: &HttpAnswer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_locked_login_answers_the_same_for_right_and_wrong_whether_it_exists_or_not() {
    let server = behind_a_proxy(|config| config.limits.doors.failures_free = 2);
    server.http().sign_up("anna", PASSWORD).await.unwrap();
    server.http().sign_up("bert", PASSWORD).await.unwrap();
    for login in ["anna", "nobody-at-all"] {
        for n in 0..3 {
            // From everywhere: it is the login that is guarded.
            let from = format!("192.0.2.{n}");
            let answer = sign_in(&server, &from, login, "wrong password").await;
            assert_eq!(answer.status, 401, "{login}");
            assert_eq!(answer.refusal().code, Code::CredentialsWrong);
        }
    }
    let right = sign_in(&server, "192.0.2.9", "anna", PASSWORD).await;
    let wrong = sign_in(&server, "192.0.2.9", "anna", "wrong password").await;
    let unknown = sign_in(&server, "192.0.2.9", "nobody-at-all", PASSWORD).await;
    assert_eq!(
        (right.status, right.refusal().code),
        (429, Code::TooManyAttempts)
    );
    assert_eq!(told(&right), told(&wrong));
    assert_eq!(told(&right), told(&unknown));
    for answer in [&right, &wrong, &unknown] {
        assert!((1..=6).contains(&retry_after_s(answer)), "{}", answer.head);
        let wait_ms = answer.refusal().detail.unwrap()["retry_after_ms"].as_u64();
        assert!((1..=1_000).contains(&wait_ms.unwrap()));
    }
    // Nobody else is kept out, and the lock ends.
    let other = sign_in(&server, "192.0.2.0", "bert", PASSWORD).await;
    assert_eq!(other.status, 200);
    eventually(PATIENCE, "the end of the lock", async || {
        let answer = sign_in(&server, "192.0.2.9", "anna", PASSWORD).await;
        (answer.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_wait_grows_with_each_failure_and_many_at_once_are_no_more_guesses() {
    let server = behind_a_proxy(|config| {
        config.limits.doors.failures_free = 1;
        config.limits.doors.failure_delay_ms = 60_000;
        config.limits.doors.failure_delay_max_ms = 600_000;
    });
    server.http().sign_up("anna", PASSWORD).await.unwrap();
    let tries = (0..20).map(|_| sign_in(&server, "192.0.2.1", "anna", "wrong password"));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(looked_at, 2);
    let locked = answers.iter().filter(|answer| answer.status == 429);
    let waits: Vec<u64> = locked.map(retry_after_s).collect();
    assert_eq!(waits.len(), 18);
    // Spread, so that they do not come back together.
    assert!(
        waits.iter().all(|wait| (50..=95).contains(wait)),
        "{waits:?}"
    );
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[tokio::test]
async fn an_address_that_guesses_at_many_logins_is_locked_and_its_neighbour_is_not() {
    let server = behind_a_proxy(|config| config.limits.doors.address_failures_free = 4);
    server.http().sign_up("anna", PASSWORD).await.unwrap();
    for n in 0..5 {
        let login = format!("login-{n}");
        // Any address of one network of IPv6 is the same one.
        let from = format!("2001:db8::{n}");
        let answer = sign_in(&server, &from, &login, PASSWORD).await;
        assert_eq!(answer.status, 401);
    }
    let answer = sign_in(&server, "2001:db8::77", "anna", PASSWORD).await;
    assert_eq!(
        (answer.status, answer.refusal().code),
        (429, Code::TooManyAttempts)
    );
    let answer = sign_in(&server, "2001:db8:0:1::1", "anna", PASSWORD).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_header_that_nobody_vouches_for_makes_no_new_address() {
    let server = Server::start_with(|config| config.limits.doors.sign_ins_per_address_burst = 3);
    let mut statuses = Vec::new();
    for n in 0..4 {
        let answer = sign_in(&server, &format!("192.0.2.{n}"), "nobody", PASSWORD).await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429]);
}

#[tokio::test]
async fn knocks_of_one_address_are_counted_and_others_pass() {
    let server = behind_a_proxy(|config| {
        let doors = &mut config.limits.doors;
        doors.handshakes_per_address_burst = 3;
        doors.handshakes_per_address_per_min = 1;
        doors.sign_ups_per_address_burst = 2;
    });
    let knock = async |from: &str| {
        let head = format!("GET {SOCKET_PATH} HTTP/1.1\r\nX-Forwarded-For: {from}");
        http(server.address(), &head, b"").await
    };
    for _ in 0..3 {
        assert_eq!(knock("192.0.2.1").await.status, 401);
    }
    let limited = knock("192.0.2.1").await;
    assert_eq!(
        (limited.status, limited.refusal().code),
        (429, Code::RateLimited)
    );
    assert!(
        (55..=95).contains(&retry_after_s(&limited)),
        "{}",
        limited.head
    );
    assert_eq!(knock("192.0.2.2").await.status, 401);

    // The tests' own client is at the proxy's address.
    let http = server.http();
    http.sign_up("anna", PASSWORD).await.unwrap();
    http.sign_up("bert", PASSWORD).await.unwrap();
    let third = refusal(http.sign_up("carl", PASSWORD).await);
    assert_eq!(third.code, Code::RateLimited);
    server.http().sign_in("anna", PASSWORD, None).await.unwrap();
}

fn is_limited<T>(outcome: Result<T, ClientError>) -> bool {
    let error = outcome.err();
    error.and_then(|error| error.code()) == Some(Code::LimitReached)
}

#[tokio::test]
async fn one_account_takes_not_all_tickets_and_not_all_places() {
    let server = Server::start_with(|config| {
        config.limits.tickets_max = 5;
        config.limits.doors.tickets_per_account_max = 3;
        config.limits.doors.sessions_per_account_max = 3;
    });
    let (anna, bert) = (server.account("anna").await, server.account("bert").await);
    for _ in 0..3 {
        anna.socket_ticket().await.unwrap();
    }
    assert!(is_limited(anna.socket_ticket().await));
    bert.socket_ticket().await.unwrap();

    let mut here = Vec::new();
    for _ in 0..3 {
        here.push(anna.connect().await.unwrap());
    }
    let refused = anna.connect().await.err().unwrap();
    assert_eq!(refused.code(), Some(Code::LimitReached), "{refused}");
    bert.connect().await.unwrap();
    // One that ends makes room for another, whatever way it ends.
    let (client, _events) = here.pop().unwrap();
    client.abort();
    drop(client);
    eventually(PATIENCE, "a place", async || anna.connect().await.ok()).await;
}

#[tokio::test]
async fn a_service_has_as_many_places_as_it_wants() {
    let server = Server::start_with(|config| {
        config.admin_writes = true;
        config.limits.doors.tickets_per_account_max = 1;
        config.limits.doors.sessions_per_account_max = 1;
    });
    let hall = guildhall::hall::HallRef::clone(&server.hall);
    let service = guildhall::accounts::create_service(&hall, None, "the-realm").await;
    let service = service.unwrap();
    let http = HttpClient::new(&server.url).unwrap();
    let account = http.account(service.account, service.token);
    let mut here = Vec::new();
    for _ in 0..4 {
        account.socket_ticket().await.unwrap();
        here.push(account.connect().await.unwrap());
    }
}

#[test]
fn whoever_comes_while_the_database_is_away_is_told_when_to_come_again_and_not_all_the_same() {
    let listener = guildhall::endpoint::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let told = actix_web::rt::System::new().block_on(async {
        let room = guildhall::waiting::Room::open(&[&listener]).unwrap();
        let mut told = std::collections::BTreeSet::new();
        for _ in 0..40 {
            let answer = http(address, "GET /v1/anything HTTP/1.1", b"").await;
            assert_eq!(answer.status, 503);
            assert_eq!(answer.refusal().rule, "server.waits_for_database");
            told.insert(retry_after_s(&answer));
        }
        room.close().await;
        told
    });
    assert!(told.iter().all(|wait| (5..=10).contains(wait)), "{told:?}");
    assert!(told.len() > 1, "{told:?}");
}

/// How often the work of a password is done for some such attempts.
async fn hashes(server: &Server, body: &serde_json::Value) -> u64 {
    let done = || server.hall.passwords.stats().done;
    let before = done();
    for _ in 0..5 {
        let text = body.to_string();
        let head = format!(
            "POST {SIGN_IN_PATH} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}",
            text.len()
        );
        let answer = http(server.address(), &head, text.as_bytes()).await;
        assert!([400, 401].contains(&answer.status), "{}", answer.head);
    }
    done() - before
}

/// By the work and not by the clock, which tells more of the machine.
#[tokio::test]
async fn an_unknown_login_costs_the_same_work_as_a_wrong_password() {
    let server = Server::start_with(|config| config.limits.doors.failures_free = 1_000);
    server.http().sign_up("anna", PASSWORD).await.unwrap();
    let wrong = json!({ "login": "anna", "password": "wrong password" });
    let unknown = json!({ "login": "nobody", "password": "wrong password" });
    let no_login = json!({ "login": "", "password": "wrong password" });
    for body in [&wrong, &unknown, &no_login] {
        assert_eq!(hashes(&server, body).await, 5, "{body}");
    }
    // Refused before anybody looks at the password: such a difference would be seen.
    let bad = json!({ "login": "anna", "password": "wrong password", "device": "x".repeat(500) });
    assert_eq!(hashes(&server, &bad).await, 0);
}
