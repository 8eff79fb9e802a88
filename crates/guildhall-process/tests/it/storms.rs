//! Storms: what must not be lost, doubled or left over when thousands of processes live and die at
//! once on two arbiters, while other threads link, monitor and kill.

mod bonds;

use std::collections::HashSet;

use guildhall_process::{
    Ctx, Down, Exit, ExitReason, Groups, Handle, Init, Pid, Placement, ProcRef, Process, Registry,
    ReplyTo, Spawn, exit, is_alive, process_info, spawn, watch,
};

use crate::kit::{Probe, act, boom, death, events, run, soon};

struct Doomed;

impl Process for Doomed {
    const KIND: &'static str = "doomed";

    fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
        Init::Fail(ExitReason::error("now"))
    }
}

/// Spawns instantly crashing children and counts their exits and downs.
#[derive(Default)]
struct Nursery {
    born: HashSet<Pid>,
    exits: HashSet<Pid>,
    downs: HashSet<Pid>,
    done: Option<ReplyTo<()>>,
}

enum Care {
    Spawn(Placement),
    /// Answers when each of the given number of children was heard of twice.
    Until(usize, ReplyTo<()>),
}

impl Process for Nursery {
    const KIND: &'static str = "nursery";
    const MAILBOX_MAX: usize = 100_000;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(true);
        Init::Ready
    }

    fn handle_exit(&mut self, exit: Exit, _ctx: &mut Ctx<Self>) {
        assert_eq!(exit.reason, ExitReason::error("now"));
        assert!(self.exits.insert(exit.from), "a second exit");
        self.check();
    }

    fn handle_down(&mut self, down: Down, _ctx: &mut Ctx<Self>) {
        assert_eq!(down.reason, ExitReason::error("now"));
        assert!(self.downs.insert(down.pid), "a second down");
        self.check();
    }
}

impl Nursery {
    fn check(&mut self) {
        if self.exits == self.born
            && self.downs == self.born
            && let Some(done) = self.done.take()
        {
            done.send(());
        }
    }
}

impl Handle<Care> for Nursery {
    fn handle(&mut self, care: Care, ctx: &mut Ctx<Self>) {
        match care {
            Care::Spawn(place) => {
                let (me, monitor) = (ctx.pid(), guildhall_process::Monitor::by(ctx.pid()));
                let opts = Spawn::new().on(place).link(me).monitor(monitor);
                self.born.insert(spawn(opts, || Doomed).pid());
            }
            Care::Until(children, reply) => {
                assert_eq!(self.born.len(), children);
                self.done = Some(reply);
                self.check();
            }
        }
    }
}

/// Half of them crash here, half of them on another thread.
#[test]
fn of_20_000_instantly_crashing_linked_and_monitored_children_no_death_is_lost() {
    const CHILDREN: usize = 20_000;
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let nursery = spawn(Spawn::new(), Nursery::default);
        for n in 0..CHILDREN {
            let place = match n % 2 {
                0 => Placement::Here,
                _ => Placement::On(arbiter.handle()),
            };
            nursery.tell(Care::Spawn(place)).unwrap();
        }
        let all = nursery.call(crate::kit::DEADLINE, |reply| Care::Until(CHILDREN, reply));
        assert_eq!(all.await, Ok(()));
        let info = process_info(nursery.pid()).unwrap();
        assert_eq!((info.links, info.monitors), (vec![], vec![]));
        arbiter.stop();
    });
}

/// Looks, in the very handler that hears of a death, for what the dead should have lost before.
struct Watchman {
    names: Registry<&'static str, Probe>,
    groups: Groups<&'static str, Probe>,
    heard: u32,
    reply: Option<ReplyTo<u32>>,
    failures: u32,
}

struct Watch(ProcRef<Probe>, ReplyTo<u32>);

impl Watchman {
    fn look(&mut self) {
        let named = self.names.whereis(&"nm").is_some();
        let member = !self.groups.members(&"grp").is_empty();
        self.failures += u32::from(named) + u32::from(member);
        self.heard += 1;
        if self.heard.is_multiple_of(2)
            && let Some(reply) = self.reply.take()
        {
            reply.send(self.failures);
        }
    }
}

impl Process for Watchman {
    const KIND: &'static str = "watchman";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(true);
        Init::Ready
    }

    fn handle_exit(&mut self, _exit: Exit, _ctx: &mut Ctx<Self>) {
        self.look();
    }

    fn handle_down(&mut self, _down: Down, _ctx: &mut Ctx<Self>) {
        self.look();
    }
}

impl Handle<Watch> for Watchman {
    fn handle(&mut self, Watch(process, reply): Watch, ctx: &mut Ctx<Self>) {
        // The name of the last one is free, or this fails.
        self.names.register("nm", &process).unwrap();
        self.groups.join("grp", &process).unwrap();
        self.reply = Some(reply);
        ctx.monitor(process.pid());
        ctx.link(process.pid());
        process.tell(act(|_, ctx| ctx.exit(boom()))).unwrap();
    }
}

#[test]
fn in_10_000_deaths_on_another_arbiter_name_and_group_are_free_before_exit_and_down() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let watchman = spawn(Spawn::new(), || Watchman {
            names: Registry::new("storm names"),
            groups: Groups::new("storm groups"),
            heard: 0,
            reply: None,
            failures: 0,
        });
        let (tx, _events) = events();
        let mut failures = 0;
        for _ in 0..10_000 {
            let probe = Probe::new("far", &tx);
            let far = Spawn::new().on(Placement::On(arbiter.handle()));
            let process = spawn(far, move || probe);
            let looked = watchman.call(crate::kit::DEADLINE, |reply| Watch(process, reply));
            failures = looked.await.unwrap();
        }
        assert_eq!(failures, 0);
        arbiter.stop();
    });
}

#[test]
fn when_a_hub_dies_10_000_linked_processes_on_two_arbiters_die_of_the_same_reason() {
    const SPOKES: usize = 10_000;
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let (tx, _events) = events();
        let probe = |tx: &_| Probe::new("spoke", tx);
        let hub = probe(&tx);
        let hub = spawn(Spawn::new(), move || hub).pid();
        let mut last = hub;
        let mut spokes = Vec::new();
        for n in 0..SPOKES {
            let place = match n % 2 {
                0 => Placement::Here,
                _ => Placement::On(arbiter.handle()),
            };
            // Nine of ten hang on the hub, the tenth on the one before it.
            let peer = if n % 10 == 9 { last } else { hub };
            let spoke = probe(&tx);
            last = spawn(Spawn::new().on(place).link(peer), move || spoke).pid();
            spokes.push(last);
        }
        let downs: Vec<_> = spokes.iter().map(|pid| Box::pin(watch(*pid))).collect();
        exit(hub, boom());
        for down in downs {
            assert_eq!(soon(down).await, boom());
        }
        assert_eq!(death(hub).await, ExitReason::NoProc);
        assert!(spokes.iter().all(|pid| !is_alive(*pid)));
        assert!(spokes.iter().all(|pid| process_info(*pid).is_none()));
        arbiter.stop();
    });
}
