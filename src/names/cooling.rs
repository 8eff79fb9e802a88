//! Names whose time of cooling is over are freed by this timer and in no other way: a row that is there
//! is taken, however old it is.

use std::time::Duration;

use guildhall_process::{CallError, Ctx, Handle, ReplyTo};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::names::{self, StoredName};
use serde_json::json;

use super::{Claim, Deed, Names, verbs};
use crate::hall::CALL_TIMEOUT;
use crate::persistence::{Author, Change, changes};
use crate::refusal;

/// Names that are freed in one go; the rest follows at once.
const FREE_AT_ONCE: usize = 256;

/// Free what is due now. The timer sends it to itself.
pub struct FreeDue {
    /// How many were freed.
    pub reply: ReplyTo<Result<usize, Refusal>>,
}

/// The day on which a name is free again, for people.
pub(super) fn day(at_us: i64) -> String {
    jiff::Timestamp::from_microsecond(at_us).map_or_else(
        |_| "later".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// Why nothing more of this owner may cool, where so much does already. Kept names are not set free earlier:
/// that they are kept is promised to who sees them.
pub(super) fn refusal(cools: &[StoredName], max: usize) -> Option<Refusal> {
    if cools.len() < max {
        return None;
    }
    let next_us = cools.iter().filter_map(|name| name.cooling_until_us).min();
    let next_us = next_us.unwrap_or_default();
    let sentence = format!(
        "{} former names are kept for it, as many as may be; the next one can be given up after {}.",
        cools.len(),
        day(next_us)
    );
    let refusal = Refusal::new(Code::LimitReached, sentence)
        .rule("limits.names_cooling_max")
        .next("Take a former name back, or wait until one is free.");
    Some(refusal.detail(json!({ "next_at_us": next_us })))
}

impl Names {
    pub(super) fn wait_to_free(&mut self, ctx: &mut Ctx<Self>) {
        let reply = ReplyTo::detached();
        let pause = Duration::from_millis(self.hall.config.limits.names_free_interval_ms);
        ctx.send_after(pause, Timed(FreeDue { reply }));
    }
}

/// By the timer, which is set again afterwards.
struct Timed(FreeDue);

impl Handle<Timed> for Names {
    fn handle(&mut self, Timed(due): Timed, ctx: &mut Ctx<Self>) {
        self.wait_to_free(ctx);
        self.handle(due, ctx);
    }
}

impl Handle<FreeDue> for Names {
    fn handle(&mut self, FreeDue { reply }: FreeDue, ctx: &mut Ctx<Self>) {
        let max = i64::try_from(FREE_AT_ONCE).unwrap_or(i64::MAX);
        let now = self.hall.now_us();
        let due = self.hall.read(move |conn| names::due(conn, now, max));
        let me = ctx.me();
        ctx.run(due, move |this, due, ctx| {
            let due = match due {
                Ok(due) => due,
                Err(refusal) => return reply.send(Err(refusal)),
            };
            let until = verbs::until(&this.hall);
            let freed = due.into_iter().map(move |name| {
                let freed = me.call(CALL_TIMEOUT, move |reply| free(name, until, reply));
                async move { freed.await.map_err(|e: CallError| refusal::call(&e))? }
            });
            let freed = futures_util::future::join_all(freed);
            ctx.run(freed, |_, freed, _| {
                let done = freed.into_iter().filter(Result::is_ok).count();
                reply.send(Ok(done));
            });
        });
    }
}

/// One that was taken back meanwhile is refused by the database, and that is right.
pub(super) fn free(
    name: StoredName,
    until: Duration,
    reply: ReplyTo<Result<u32, Refusal>>,
) -> Claim {
    Claim {
        change: Change::FreeName(changes::FreeName {
            realm: name.entry.realm,
            owner: name.entry.owner,
            key: name.entry.key.clone(),
            cooling_until_us: name.cooling_until_us,
        }),
        deed: Deed::Free(name),
        by: Author::SERVER,
        reason: None,
        until,
        reply,
    }
}
