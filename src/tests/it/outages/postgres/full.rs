//! More saves than there is room for, while the database hangs.

use super::*;

use crate::harness::http;

/// Entities with unsaved changes, at most.
const DIRTY_MAX: usize = 20;

async fn ready(server: &Server) -> (u16, String) {
    let address = server.admin_url.trim_start_matches("http://");
    let answer = http(address.parse().unwrap(), "GET /readyz HTTP/1.1", b"").await;
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[tokio::test]
async fn a_server_that_takes_up_no_more_saves_is_not_ready_and_says_why() {
    let (postgres, world) = world();
    let server = Server::start_on(Arc::clone(&world), |config| {
        config.limits.dirty_max = DIRTY_MAX;
        config.limits.batch_rows_max = 1;
    });
    let scene = Scene::on(server).await;
    let client = &scene.player.client;
    let mut heroes = vec![scene.hero];
    for n in 1..DIRTY_MAX {
        let name = format!("Hero {}", "abcdefghijklmnopqrst".split_at(n).0);
        let made = client.create_character(&name, json!({})).await;
        heroes.push(made.unwrap().0.character);
    }
    assert_eq!(ready(&scene.server).await, (204, String::new()));
    beside(&postgres, Postgres::freeze).await;
    for hero in heroes {
        // The last ones may find no room.
        let _ = client.save_character(hero, 1, json!({})).await;
    }
    let read_only = (503, "read_only".to_owned());
    assert_eq!(ready(&scene.server).await, read_only);
    beside(&postgres, Postgres::thaw).await;
    eventually(PATIENCE, "the server to be ready", async || {
        ready(&scene.server).await.0 == 204
    })
    .await;
    scene.is_caught_up().await;
}
