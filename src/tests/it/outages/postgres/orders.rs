//! Orders to end while PostgreSQL answers nothing at all, no reads either.

use guildhall_client::AdminClient;
use tokio::time::timeout;

use super::*;

#[tokio::test]
async fn sessions_end_within_a_second_of_the_order_while_the_database_is_frozen() {
    let (postgres, world) = world();
    let server = Server::start_on(Arc::clone(&world), |config| config.admin_writes = true);
    let [out, kicked, banned, revoked, stays] = [
        server.player("out").await,
        server.player("kicked").await,
        server.player("banned").await,
        server.player("revoked").await,
        server.player("stays").await,
    ];
    let admin = AdminClient::new(&server.admin_url, &server.admin_token()).unwrap();
    beside(&postgres, Postgres::freeze).await;
    let about = |who: &Player| json!({ "account": who.account.id(), "reason": "spam" });
    let begun = Instant::now();
    let orders = async {
        let (kick, ban) = (about(&kicked), about(&banned));
        let revoke = json!({ "account": revoked.account.id() });
        let _ = tokio::join!(
            out.account.sign_out(),
            admin.post("/admin/sessions/kick", &kick),
            admin.post("/admin/bans", &ban),
            admin.post("/admin/tokens/revoke", &revoke),
        );
    };
    let ends = async {
        let mut codes = Vec::new();
        for who in [&out, &kicked, &banned, &revoked] {
            match timeout(PATIENCE, who.client.ended()).await.unwrap() {
                ClientError::Closed { code, .. } => codes.push(code),
                other => panic!("{other}"),
            }
        }
        (codes, begun.elapsed())
    };
    let ((codes, took), ()) = tokio::join!(ends, orders);
    beside(&postgres, Postgres::thaw).await;
    assert_eq!(codes, [4000, 4007, 4008, 4000]);
    assert!(took < Duration::from_secs(1), "{took:?}");
    stays.client.keep_alive().await.unwrap();
}
