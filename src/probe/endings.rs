//! Two ends of a session: a connection that breaks without a word, seen in the supervisor status, and a
//! sign-out, seen by its socket.

use std::time::Duration;

use guildhall_client::{AdminClient, ClientError};
use guildhall_protocol::{CloseCode, Code};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::people::Party;
use super::walk::{Fault, Stopped, Walk, equal, refused};

#[cfg(test)]
mod tests;

/// The status must show the end of a session within this; 100 ms are what a healthy server needs at most.
const STATUS_DEADLINE: Duration = Duration::from_secs(5);
/// Between two looks at the status.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// The word under which the server counts connections that ended without a close frame.
const CONNECTION_LOST: &str = "connection_lost";

/// The GM's connection breaks, the player signs out.
pub(super) async fn leave(
    walk: &mut Walk<'_>,
    party: &Party,
    admin: &AdminClient,
) -> Result<(), Stopped> {
    let (gm, player) = (&party.gm, &party.player);
    let session = format!("session:{}", gm.client.welcome().session);
    let lost_before = walk
        .step("the supervisor status shows the GM's session", async {
            let status = admin.supervisor().await?;
            let expected = format!("a process registered as {session}");
            seen(is_alive(&status, &session), &expected)?;
            Ok(lost(&status))
        })
        .await?;
    walk.step(
        "the GM's socket is cut and the session leaves the status",
        async {
            gm.client.abort();
            look_until(admin, "the session to be gone", |status| {
                !is_alive(status, &session)
            })
            .await
        },
    )
    .await?;
    walk.step("its end is counted as a lost connection", async {
        look_until(admin, "one lost connection more", |status| {
            lost(status) > lost_before
        })
        .await
    })
    .await?;
    walk.step(
        "the player signs out and the socket is closed for that",
        async {
            player.account.sign_out().await?;
            signed_out(&player.client.ended().await)
        },
    )
    .await?;
    walk.step("the GM signs out and the token opens nothing more", async {
        gm.account.sign_out().await?;
        refused(gm.account.connect().await, Code::Unauthenticated).map(drop)
    })
    .await
}

/// Looks at the status until it is so.
async fn look_until(
    admin: &AdminClient,
    expected: &str,
    so: impl Fn(&Value) -> bool,
) -> Result<(), Fault> {
    let looking = async {
        while !so(&admin.supervisor().await?) {
            sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    };
    let seconds = STATUS_DEADLINE.as_secs();
    let late = |_| {
        Fault::unmet(
            expected,
            format!("nothing of it in the status for {seconds} s"),
        )
    };
    timeout(STATUS_DEADLINE, looking).await.map_err(late)?
}

fn seen(it: bool, expected: &str) -> Result<(), Fault> {
    it.then_some(())
        .ok_or_else(|| Fault::unmet(expected, "a status without it"))
}

/// Is a session of this registered name in the tree?
fn is_alive(status: &Value, name: &str) -> bool {
    status.get("tree").is_some_and(|tree| holds(tree, name))
}

fn holds(node: &Value, name: &str) -> bool {
    let list = |key| {
        node.get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let is_session = node.get("kind").is_some_and(|kind| kind == "session");
    is_session && list("registered").any(|registered| registered == name)
        || list("children").any(|child| holds(child, name))
}

/// How many connections were lost so far.
fn lost(status: &Value) -> u64 {
    status
        .pointer("/sessions/ended_by_cause")
        .and_then(|causes| causes.get(CONNECTION_LOST))
        .and_then(Value::as_u64)
        .unwrap_or(0)
}

fn signed_out(ended: &ClientError) -> Result<(), Fault> {
    let CloseCode { code, reason } = CloseCode::SIGNED_OUT;
    let reason = reason.to_owned();
    equal("the end", ended, &ClientError::Closed { code, reason })
}
