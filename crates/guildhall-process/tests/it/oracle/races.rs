//! Section 2 of the record: what is tried thousands of times because it could be lost in a race.
//! `storms` repeats both across arbiters.

use guildhall_process::{
    Ctx, Down, Exit, ExitReason, Handle, Init, ProcRef, Process, Registry, ReplyTo, Spawn, spawn,
};

use super::{Experiment, row};
use crate::kit::{DEADLINE, Event, Probe, act, ask, boom, probe, soon};

pub fn experiments() -> Vec<Experiment> {
    vec![
        row("spawn_link child crashing at once (trap)", spawn_links()),
        row(
            "name gone when DOWN arrives (10000 tries, failures)",
            names(),
        ),
    ]
}

pub struct Doomed;

impl Process for Doomed {
    const KIND: &'static str = "doomed";

    fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
        Init::Fail(ExitReason::error("now"))
    }
}

async fn spawn_links() -> String {
    const CHILDREN: u32 = 20_000;
    let (parent, mut events) = probe(true).await;
    let mut lost = 0;
    for _ in 0..CHILDREN {
        let from = ask(&parent, |_, ctx| {
            ctx.spawn_link(Spawn::new(), || Doomed).pid()
        });
        let (from, reason) = (from.await, ExitReason::error("now"));
        if events.next().await != Event::Exit(Exit { from, reason }) {
            lost += 1;
        }
    }
    format!("{{{CHILDREN},lost,{lost}}}")
}

/// Looks, while it handles the DOWN, whether the dead still has its name.
struct Watchman {
    names: Registry<&'static str, Probe>,
    reply: Option<ReplyTo<bool>>,
}

struct Watch(ProcRef<Probe>, ReplyTo<bool>);

impl Process for Watchman {
    const KIND: &'static str = "watchman";

    fn handle_down(&mut self, _down: Down, _ctx: &mut Ctx<Self>) {
        let reply = self.reply.take().unwrap();
        reply.send(self.names.whereis(&"nm").is_some());
    }
}

impl Handle<Watch> for Watchman {
    fn handle(&mut self, Watch(process, reply): Watch, ctx: &mut Ctx<Self>) {
        self.names.register("nm", &process).unwrap();
        self.reply = Some(reply);
        ctx.monitor(process.pid());
        process.tell(act(|_, ctx| ctx.exit(boom()))).unwrap();
    }
}

async fn names() -> String {
    let names = Registry::new("names");
    let watchman = spawn(Spawn::new(), move || Watchman { names, reply: None });
    let mut failures = 0;
    for _ in 0..10_000 {
        let (process, _events) = probe(false).await;
        let still = watchman.call(DEADLINE, |reply| Watch(process, reply));
        if soon(still).await.unwrap() {
            failures += 1;
        }
    }
    failures.to_string()
}
