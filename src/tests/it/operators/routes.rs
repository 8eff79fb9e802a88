//! Every route of the admin listener, whoever knocks.

use guildhall::admin::ROUTES;
use guildhall_protocol::Code;

use super::writable;
use crate::harness::{HttpAnswer, Server, http};

/// A request for a route, with ids in its places and a body that is none.
async fn knock(url: &str, method: &str, path: &str, token: Option<&str>) -> HttpAnswer {
    let address = url.trim_start_matches("http://").parse().unwrap();
    let path = path
        .replace("{kind}", "batch")
        .replace("{id}", "999999999")
        .replace("{realm}", "main")
        .replace("{name}", "nobody");
    let line = match token {
        Some(token) => format!("\r\nAuthorization: Bearer {token}"),
        None => String::new(),
    };
    let json = "\r\nContent-Type: application/json\r\nContent-Length: 2";
    http(
        address,
        &format!("{method} {path} HTTP/1.1{line}{json}"),
        b"{}",
    )
    .await
}

#[tokio::test]
async fn no_route_answers_without_the_admin_token() {
    let server = writable();
    let player = server.player("the-player").await;
    for route in ROUTES {
        for token in [None, Some("nonsense"), Some(player.account.token())] {
            let answer = knock(&server.admin_url, route.method, route.path, token).await;
            assert_eq!(answer.status, 401, "{} {token:?}", route.path);
            assert_eq!(answer.refusal().code, Code::Unauthenticated);
        }
        let right = server.admin_token();
        let answer = knock(&server.admin_url, route.method, route.path, Some(&right)).await;
        assert_ne!(answer.status, 401, "{}", route.path);
        assert_ne!(answer.status, 404, "{}", route.path);
        // Not on the public listener, whatever one knows.
        let answer = knock(&server.url, route.method, route.path, Some(&right)).await;
        assert_eq!(answer.status, 404, "{}", route.path);
    }
}

#[tokio::test]
async fn what_changes_something_is_refused_unless_the_operator_has_allowed_it() {
    let server = Server::start();
    let token = server.admin_token();
    let mut writing = 0;
    for route in ROUTES {
        let answer = knock(&server.admin_url, route.method, route.path, Some(&token)).await;
        if route.method == "POST" {
            writing += 1;
            assert_eq!(answer.status, 403, "{}", route.path);
            assert_eq!(answer.refusal().rule, "admin.writes");
            assert!(answer.refusal().next.contains("--admin-writes"));
        } else {
            assert_eq!(answer.status, 200, "{}", route.path);
        }
    }
    assert!(writing > 0);
}
