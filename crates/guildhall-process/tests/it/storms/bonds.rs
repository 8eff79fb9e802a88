//! A storm of links, monitors and kills from three threads at once, on two arbiters. Whoever bound
//! itself to a process, before or after that died, must hear exactly one EXIT and one DOWN of it.

use std::collections::HashMap;
use std::thread;

use guildhall_process::{
    Ctx, Down, Exit, ExitReason, Handle, Init, Pid, Placement, ProcRef, Process, ReplyTo, Spawn,
    exit, process_info, spawn, watch,
};

use crate::kit::{DEADLINE, run, soon};

const ROUNDS: u64 = 20;
const LEAVES: usize = 500;

/// Does not trap exits.
struct Leaf;

struct LinkTo(Pid);

impl Process for Leaf {
    const KIND: &'static str = "leaf";
    const MAILBOX_MAX: usize = 100_000;
}

impl Handle<LinkTo> for Leaf {
    fn handle(&mut self, LinkTo(pid): LinkTo, ctx: &mut Ctx<Self>) {
        ctx.link(pid);
    }
}

/// Traps exits, binds itself to leaves, and counts what it hears of each.
#[derive(Default)]
struct Hub {
    heard: Heard,
}

/// How many exits and downs of each.
type Heard = HashMap<Pid, (u32, u32)>;

enum Order {
    Bind(Pid),
    /// Answers when all orders before it are carried out.
    Flush(ReplyTo<()>),
    Report(ReplyTo<Heard>),
}

impl Process for Hub {
    const KIND: &'static str = "hub";
    const MAILBOX_MAX: usize = 100_000;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(true);
        Init::Ready
    }

    fn handle_exit(&mut self, exit: Exit, _ctx: &mut Ctx<Self>) {
        self.heard.entry(exit.from).or_default().0 += 1;
    }

    fn handle_down(&mut self, down: Down, _ctx: &mut Ctx<Self>) {
        self.heard.entry(down.pid).or_default().1 += 1;
    }
}

impl Handle<Order> for Hub {
    fn handle(&mut self, order: Order, ctx: &mut Ctx<Self>) {
        match order {
            Order::Bind(pid) => {
                ctx.link(pid);
                ctx.monitor(pid);
            }
            Order::Flush(reply) => reply.send(()),
            Order::Report(reply) => reply.send(std::mem::take(&mut self.heard)),
        }
    }
}

/// A generator for the order of things; the interleaving of the threads is the machine's.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        usize::try_from(mixed >> 33).unwrap() % bound
    }

    fn shuffled<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        let mut items = items.to_vec();
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
        items
    }
}

#[test]
fn in_a_storm_of_kills_every_link_and_monitor_is_told_exactly_once() {
    let seed = std::env::var("GUILDHALL_SEED").map_or(25, |seed| seed.parse().unwrap());
    println!("GUILDHALL_SEED={seed}");
    run(async move {
        let arbiter = actix_rt::Arbiter::new();
        let places = [Placement::here(), Placement::On(arbiter.handle())];
        let hubs = places
            .clone()
            .map(|place| spawn(Spawn::new().on(place), Hub::default));
        for round in 0..ROUNDS {
            storm(&places, &hubs, Dice(seed + round)).await;
        }
        for hub in hubs {
            let info = process_info(hub.pid()).unwrap();
            assert_eq!((info.links, info.monitors), (vec![], vec![]));
        }
        arbiter.stop();
    });
}

async fn storm(places: &[Placement; 2], hubs: &[ProcRef<Hub>; 2], mut dice: Dice) {
    let leaf = |n: usize| spawn(Spawn::new().on(places[n % 2].clone()), || Leaf);
    let leaves: Vec<_> = (0..LEAVES).map(leaf).collect();
    let pids: Vec<_> = leaves.iter().map(ProcRef::pid).collect();
    let downs: Vec<_> = pids.iter().map(|pid| Box::pin(watch(*pid))).collect();

    let threads = [
        thread::spawn({
            let (hubs, order) = (hubs.clone(), dice.shuffled(&pids));
            move || {
                for pid in order {
                    for hub in &hubs {
                        hub.tell(Order::Bind(pid)).unwrap();
                    }
                }
            }
        }),
        thread::spawn({
            let pairs = dice.shuffled(&leaves).into_iter().zip(dice.shuffled(&pids));
            let pairs: Vec<_> = pairs.take(LEAVES / 5).collect();
            move || {
                for (leaf, peer) in pairs {
                    // A leaf that has died needs no link.
                    let _ = leaf.tell(LinkTo(peer));
                }
            }
        }),
        thread::spawn({
            let order = dice.shuffled(&pids);
            move || {
                for pid in order {
                    exit(pid, ExitReason::Kill);
                }
            }
        }),
    ];
    for down in downs {
        soon(down).await;
    }
    for thread in threads {
        thread.join().unwrap();
    }
    // A death tells its watchers one after the other, on the thread of the dead. When both threads
    // have carried out all orders, all deaths are told to all, and what bonds with the dead answer.
    for hub in hubs {
        hub.call(DEADLINE, Order::Flush).await.unwrap();
    }
    for hub in hubs {
        let heard = hub.call(DEADLINE, Order::Report).await.unwrap();
        assert_eq!(amiss(&heard, &pids), []);
    }
    assert!(pids.iter().all(|pid| process_info(*pid).is_none()));
}

/// Of whom something was lost or doubled.
fn amiss(heard: &Heard, bound: &[Pid]) -> Vec<Pid> {
    let not_once = |pid: &&Pid| heard.get(pid) != Some(&(1, 1));
    bound.iter().filter(not_once).copied().collect()
}

#[test]
fn a_lost_and_a_doubled_message_are_seen() {
    run(async {
        let pids = [(); 4].map(|()| spawn(Spawn::new(), || Leaf).pid());
        let mut heard: Heard = pids.iter().map(|pid| (*pid, (1, 1))).collect();
        assert_eq!(amiss(&heard, &pids), []);
        heard.insert(pids[0], (2, 1));
        heard.insert(pids[1], (1, 0));
        heard.remove(&pids[3]);
        assert_eq!(amiss(&heard, &pids), [pids[0], pids[1], pids[3]]);
    });
}
