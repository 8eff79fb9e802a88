//! Orders to end: each ends whom it means within a second, says why before the close frame, and touches nobody else;
//! also while the database takes nothing up, and for who comes after a restart.

use std::pin::Pin;
use std::time::{Duration, Instant};

use guildhall_client::{Account, AdminClient, ClientError};
use guildhall_protocol::{CloseCode, Code, Event};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::crowd::{Crowd, Victim};
use crate::harness::{PASSWORD, PATIENCE, Server};

/// From an order to the close frame.
const BOUND: Duration = Duration::from_secs(1);
const REASON: &str = "it came to blows";
const ANOTHER: &str = "another horse battery";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    SignOut,
    Password,
    Revoke,
    KickSession,
    KickAccount,
    Ban,
}

impl Order {
    const ALL: [Self; 6] = [
        Self::SignOut,
        Self::Password,
        Self::Revoke,
        Self::KickSession,
        Self::KickAccount,
        Self::Ban,
    ];

    fn cause(self) -> CloseCode {
        match self {
            Self::SignOut | Self::Revoke => CloseCode::SIGNED_OUT,
            Self::Password => CloseCode::PASSWORD_CHANGED,
            Self::KickSession | Self::KickAccount => CloseCode::KICKED,
            Self::Ban => CloseCode::BANNED,
        }
    }

    /// What the operator says about it.
    fn reason(self) -> Option<String> {
        let says = matches!(self, Self::KickSession | Self::KickAccount | Self::Ban);
        says.then(|| REASON.to_owned())
    }

    /// Whether it needs the database to be done; a kick is over when it has happened.
    fn is_written(self) -> bool {
        !matches!(self, Self::KickSession | Self::KickAccount)
    }
}

/// Somebody with a session to lose, and one of another token that a new password is ordered from.
struct Scene {
    account: Account,
    victim: Victim,
    other: Victim,
    elsewhere: Account,
    admin: AdminClient,
}

impl Scene {
    async fn set(server: &Server, login: &str) -> Self {
        let account = server.account(login).await;
        let http = server.http();
        let elsewhere = http.sign_in(login, PASSWORD, Some("phone")).await.unwrap();
        let token = server.admin_token();
        Self {
            victim: Victim::connect(server, &account).await,
            other: Victim::connect(server, &elsewhere).await,
            account,
            elsewhere,
            admin: AdminClient::new(&server.admin_url, &token).unwrap(),
        }
    }

    /// Who stays: the session of the other token, unless the order is about the account.
    fn other_stays(order: Order) -> bool {
        matches!(order, Order::SignOut | Order::Password | Order::KickSession)
    }
}

async fn give(
    order: Order,
    account: &Account,
    elsewhere: &Account,
    admin: &AdminClient,
    session: uuid::Uuid,
) -> Result<(), ClientError> {
    let post = |path: &'static str, body: Value| -> Pin<Box<dyn Future<Output = _> + '_>> {
        Box::pin(async move { admin.post(path, &body).await.map(drop) })
    };
    let id = account.id();
    match order {
        Order::SignOut => account.sign_out().await,
        Order::Password => elsewhere.change_password(PASSWORD, ANOTHER).await,
        Order::Revoke => post("/admin/tokens/revoke", json!({ "account": id })).await,
        Order::KickSession => {
            let body = json!({ "session": session, "reason": REASON });
            post("/admin/sessions/kick", body).await
        }
        Order::KickAccount => {
            let body = json!({ "account": id, "reason": REASON });
            post("/admin/sessions/kick", body).await
        }
        Order::Ban => post("/admin/bans", json!({ "account": id, "reason": REASON })).await,
    }
}

/// Gives the order, and sees its victim told and closed within the bound; what became of the order.
async fn carry_out(order: Order, scene: &mut Scene) -> Result<(), ClientError> {
    let Scene {
        account,
        victim,
        other,
        elsewhere,
        admin,
    } = scene;
    let begun = Instant::now();
    let session = victim.session;
    let given = give(order, account, elsewhere, admin, session);
    let (given, (told, close, at)) = tokio::join!(given, victim.hears_its_end());
    let took = at - begun;
    assert!(took < BOUND, "{order:?} took {took:?}");
    let CloseCode { code, reason } = order.cause();
    assert_eq!(close, Some((code, reason.to_owned())), "{order:?}");
    let ending = Event::SessionEnding {
        cause: reason.to_owned(),
        reason: order.reason(),
        reconnect_after_ms: None,
    };
    assert_eq!(told.last(), Some(&ending), "{order:?}");
    victim.is_gone().await;
    if Scene::other_stays(order) {
        let ask = guildhall_protocol::Ask::SessionKeepalive {};
        other.wire.ask(ask).await.unwrap();
    } else {
        other.is_closed_with(order.cause()).await;
    }
    given
}

fn writable(config: &mut guildhall::config::Config) {
    config.admin_writes = true;
}

#[tokio::test]
async fn every_order_ends_whom_it_means_within_a_second_and_200_others_are_untouched() {
    let crowd = Crowd::gather_with("opaque", writable).await;
    for order in Order::ALL {
        let mut scene = Scene::set(&crowd.server, &format!("the-{order:?}")).await;
        carry_out(order, &mut scene).await.unwrap();
        let ended = crowd.server.ended_by(order.cause().reason).await;
        assert!(ended >= 1, "{order:?}");
        crowd.is_untouched().await;
    }
}

#[tokio::test]
async fn every_order_ends_whom_it_means_also_while_the_database_takes_nothing_up() {
    for order in Order::ALL {
        let server = Server::start_with(writable);
        let mut scene = Scene::set(&server, "anna").await;
        let bystander = server.player("ben").await;
        let database = server.sql();
        database.begin_and_lock("batches");
        let given = carry_out(order, &mut scene).await;
        // Nobody comes in on the strength of rows that are not written yet.
        let again = timeout(PATIENCE, scene.account.connect()).await.unwrap();
        database.run("ROLLBACK");
        match order.is_written() {
            true => assert_eq!(given.unwrap_err().code(), Some(Code::Unavailable)),
            false => given.unwrap(),
        }
        let code = again.map(drop).err().and_then(|error| error.code());
        let expected = match order {
            Order::KickSession | Order::KickAccount => None,
            Order::Ban => Some(Code::Banned),
            _ => Some(Code::Unauthenticated),
        };
        assert_eq!(code, expected, "{order:?}");
        bystander.client.keep_alive().await.unwrap();
    }
}

#[tokio::test]
async fn what_was_ordered_holds_after_a_restart() {
    for order in Order::ALL {
        let server = Server::start_with(writable);
        let mut scene = Scene::set(&server, "anna").await;
        carry_out(order, &mut scene).await.unwrap();
        let (id, token) = (scene.account.id(), scene.account.token().to_owned());
        let phone = scene.elsewhere.token().to_owned();
        drop(scene);
        let server = server.restart().await;
        let connected = server.http().account(id, token).connect().await;
        let code = connected.map(drop).err().and_then(|error| error.code());
        let phone = server.http().account(id, phone).connect().await;
        let phone = phone.map(drop).err().and_then(|error| error.code());
        let old = server.http().sign_in("anna", PASSWORD, None).await;
        let old = old.map(drop).err().and_then(|error| error.code());
        let out = Some(Code::Unauthenticated);
        let expected = match order {
            Order::SignOut => (out, None, None),
            Order::Password => (out, None, Some(Code::CredentialsWrong)),
            Order::Revoke => (out, out, None),
            Order::KickSession | Order::KickAccount => (None, None, None),
            Order::Ban => (Some(Code::Banned), Some(Code::Banned), Some(Code::Banned)),
        };
        assert_eq!((code, phone, old), expected, "{order:?}");
        if order == Order::Password {
            server.http().sign_in("anna", ANOTHER, None).await.unwrap();
        }
    }
}
