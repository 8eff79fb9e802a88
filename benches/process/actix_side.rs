//! Raw actix actors. They have no links, and no restart after a panic.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorContext, Addr, Context, Handler, Message};
use tokio::task::yield_now;

use super::clock::timed;
use super::tokio_side::{ALIVE, BURST};

#[derive(Default)]
struct Counter {
    sum: u64,
    /// How many have stopped.
    stopped: Rc<Cell<usize>>,
}

struct Add(u64);

impl Message for Add {
    type Result = ();
}

struct Get;

impl Message for Get {
    type Result = u64;
}

struct Stop;

impl Message for Stop {
    type Result = ();
}

impl Actor for Counter {
    type Context = Context<Self>;

    fn stopped(&mut self, _ctx: &mut Context<Self>) {
        self.stopped.set(self.stopped.get() + 1);
    }
}

impl Handler<Add> for Counter {
    type Result = ();

    fn handle(&mut self, add: Add, _ctx: &mut Context<Self>) {
        self.sum += add.0;
    }
}

impl Handler<Get> for Counter {
    type Result = u64;

    fn handle(&mut self, _get: Get, _ctx: &mut Context<Self>) -> u64 {
        self.sum
    }
}

impl Handler<Stop> for Counter {
    type Result = ();

    fn handle(&mut self, _stop: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    actix::System::new().block_on(work)
}

/// As a task, like the other sides.
fn run<T: 'static>(work: impl Future<Output = T> + 'static) -> T {
    block_on(async { actix::spawn(work).await.unwrap() })
}

fn one() -> Addr<Counter> {
    Counter::default().start()
}

pub fn spawn(count: usize) -> Duration {
    run(async move {
        let mut all = Vec::with_capacity(count);
        timed(async {
            all.extend((0..count).map(|_| one()));
            all.last().unwrap().send(Get).await.unwrap();
        })
        .await
    })
}

pub fn churn(count: usize) -> Duration {
    run(async move {
        let stopped = Rc::new(Cell::new(0));
        let start = || {
            let stopped = Rc::clone(&stopped);
            Counter { sum: 0, stopped }.start()
        };
        timed(async {
            for _ in 0..count / ALIVE {
                stopped.set(0);
                for process in (0..ALIVE).map(|_| start()).collect::<Vec<_>>() {
                    process.do_send(Stop);
                }
                while stopped.get() < ALIVE {
                    yield_now().await;
                }
            }
        })
        .await
    })
}

pub fn idle(count: usize, look: &dyn Fn()) {
    block_on(async {
        let all: Vec<_> = (0..count).map(|_| one()).collect();
        all.last().unwrap().send(Get).await.unwrap();
        look();
    });
}

pub fn tell(count: usize) -> Duration {
    run(async move {
        let process = one();
        timed(async {
            for _ in 0..count / BURST {
                for _ in 0..BURST {
                    process.do_send(Add(1));
                }
                yield_now().await;
            }
            assert_eq!(process.send(Get).await.unwrap(), count as u64);
        })
        .await
    })
}

pub fn ask(count: usize) -> Duration {
    run(async move {
        let process = one();
        timed(async {
            for _ in 0..count {
                process.send(Get).await.unwrap();
            }
        })
        .await
    })
}
