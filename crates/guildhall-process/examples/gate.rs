//! A gate that lets ten requests a minute through, and its tests: virtual time, and a probe that
//! stands for the process that is told of refusals. Run them with `cargo run --example gate`.

use std::time::Duration;

use guildhall_process::testing::{self, Kit};
use guildhall_process::{Ctx, Handle, Init, ProcRef, Process, Recipient, ReplyTo, Spawn};

const MINUTE: Duration = Duration::from_secs(60);
const PER_MINUTE: u32 = 10;

/// Lets [`PER_MINUTE`] requests through, and tells `audit` how many it has refused.
pub struct Gate {
    left: u32,
    refused: u32,
    audit: Recipient<Refused>,
}

/// May I pass?
pub struct Pass(ReplyTo<bool>);

/// So many requests were refused in the minute that has passed.
#[derive(Debug, PartialEq)]
pub struct Refused(u32);

#[derive(Clone)]
struct Refill;

impl Process for Gate {
    const KIND: &'static str = "gate";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.send_interval(MINUTE, Refill);
        Init::Ready
    }
}

impl Handle<Pass> for Gate {
    fn handle(&mut self, Pass(reply): Pass, _ctx: &mut Ctx<Self>) {
        let passes = self.left > 0;
        if passes {
            self.left -= 1;
        } else {
            self.refused += 1;
        }
        reply.send(passes);
    }
}

impl Handle<Refill> for Gate {
    fn handle(&mut self, _: Refill, _ctx: &mut Ctx<Self>) {
        self.left = PER_MINUTE;
        let refused = std::mem::take(&mut self.refused);
        if refused > 0 && self.audit.tell(Refused(refused)).is_err() {
            // A gate without an audit still is a gate; the count is kept for the next minute.
            self.refused = refused;
        }
    }
}

async fn open(kit: &Kit, audit: Recipient<Refused>) -> ProcRef<Gate> {
    let gate = move || Gate {
        left: PER_MINUTE,
        refused: 0,
        audit,
    };
    kit.start(Spawn::named("gate"), gate).await
}

/// How many of `tries` pass.
async fn passes(kit: &Kit, gate: &ProcRef<Gate>, tries: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..tries {
        passed += u32::from(kit.ask(gate, Pass).await);
    }
    passed
}

fn ten_pass_in_a_minute_and_ten_in_the_next() {
    testing::run(async |kit| {
        let audit = kit.probe("audit");
        let gate = open(&kit, audit.recipient()).await;
        assert_eq!(passes(&kit, &gate, 25).await, PER_MINUTE);
        kit.advance(MINUTE).await;
        assert_eq!(passes(&kit, &gate, 25).await, PER_MINUTE);
    });
}

fn the_audit_hears_of_refusals_once_a_minute_and_of_nothing_else() {
    testing::run(async |kit| {
        let mut audit = kit.probe("audit");
        let gate = open(&kit, audit.recipient()).await;
        passes(&kit, &gate, 13).await;
        audit
            .expect_nothing(MINUTE - Duration::from_millis(1))
            .await;
        audit.expect_message_eq(Refused(3)).await;
        // A quiet day is silent. It takes no time to wait for it.
        audit.expect_nothing(MINUTE * 60 * 24).await;
    });
}

fn refusals_are_not_forgotten_while_the_audit_is_dead() {
    testing::run(async |kit| {
        let first = kit.probe::<Refused>("audit");
        let gate = open(&kit, first.recipient()).await;
        passes(&kit, &gate, 12).await;
        first.exit("disk full");
        kit.assert_exit(first.pid(), "disk full").await;
        kit.advance(MINUTE).await;
        kit.assert_alive(gate.pid()).await;
    });
}

/// Runs all tests; the crate's own tests call it.
pub fn main() {
    ten_pass_in_a_minute_and_ten_in_the_next();
    the_audit_hears_of_refusals_once_a_minute_and_of_nothing_else();
    refusals_are_not_forgotten_while_the_audit_is_dead();
    println!("gate: 3 tests passed");
}
