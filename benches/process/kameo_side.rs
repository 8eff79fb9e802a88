//! kameo: unbounded mailboxes, links, and its supervised children.

use std::time::Duration;

use kameo::Actor;
use kameo::actor::{ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::mailbox;
use kameo::message::{Context, Message};
use kameo::supervision::RestartPolicy;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::yield_now;

use super::clock::timed;
use super::tokio_side::{ALIVE, BURST, block_on, run};

struct Counter(u64);

/// Told of every start, by a child that is measured being restarted.
type Started = Option<UnboundedSender<ActorRef<Counter>>>;

impl Actor for Counter {
    type Args = Started;
    type Error = Infallible;

    async fn on_start(started: Started, me: ActorRef<Self>) -> Result<Self, Infallible> {
        if let Some(started) = started {
            drop(started.send(me));
        }
        Ok(Self(0))
    }
}

struct Add(u64);
struct Get;
struct Panic;

impl Message<Add> for Counter {
    type Reply = ();

    async fn handle(&mut self, add: Add, _ctx: &mut Context<Self, ()>) {
        self.0 += add.0;
    }
}

impl Message<Get> for Counter {
    type Reply = u64;

    async fn handle(&mut self, _get: Get, _ctx: &mut Context<Self, u64>) -> u64 {
        self.0
    }
}

impl Message<Panic> for Counter {
    type Reply = ();

    async fn handle(&mut self, _panic: Panic, _ctx: &mut Context<Self, ()>) {
        panic!("ordered");
    }
}

struct Boss;

impl Actor for Boss {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), _me: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

fn one() -> ActorRef<Counter> {
    Counter::spawn_with_mailbox(None, mailbox::unbounded())
}

async fn get(process: &ActorRef<Counter>) -> u64 {
    process.ask(Get).await.unwrap()
}

pub fn spawn(count: usize) -> Duration {
    run(async move {
        let mut all = Vec::with_capacity(count);
        timed(async {
            all.extend((0..count).map(|_| one()));
            get(all.last().unwrap()).await;
        })
        .await
    })
}

pub fn churn(count: usize) -> Duration {
    run(async move {
        timed(async {
            for _ in 0..count / ALIVE {
                let all: Vec<_> = (0..ALIVE).map(|_| one()).collect();
                for process in &all {
                    process.stop_gracefully().await.unwrap();
                }
                for process in &all {
                    process.wait_for_shutdown().await;
                }
            }
        })
        .await
    })
}

pub fn idle(count: usize, look: &dyn Fn()) {
    block_on(async {
        let all: Vec<_> = (0..count).map(|_| one()).collect();
        get(all.last().unwrap()).await;
        look();
    });
}

pub fn tell(count: usize) -> Duration {
    run(async move {
        let process = one();
        timed(async {
            for _ in 0..count / BURST {
                for _ in 0..BURST {
                    process.tell(Add(1)).await.unwrap();
                }
                yield_now().await;
            }
            assert_eq!(get(&process).await, count as u64);
        })
        .await
    })
}

pub fn ask(count: usize) -> Duration {
    run(async move {
        let process = one();
        timed(async {
            for _ in 0..count {
                get(&process).await;
            }
        })
        .await
    })
}

pub fn linked_deaths(count: usize) -> Duration {
    run(async move {
        let first = one();
        let mut all = Vec::with_capacity(count);
        for _ in 1..count {
            let process = one();
            process.link(&first).await;
            all.push(process);
        }
        get(all.last().unwrap()).await;
        timed(async {
            first.kill();
            for process in &all {
                process.wait_for_shutdown().await;
            }
        })
        .await
    })
}

pub fn restart(count: usize) -> Duration {
    run(async move {
        let (started, mut starts) = unbounded_channel();
        let boss = Boss::spawn(());
        Counter::supervise(&boss, Some(started))
            .restart_policy(RestartPolicy::Permanent)
            .restart_limit(u32::MAX, Duration::from_secs(1))
            .spawn()
            .await;
        let mut child = starts.recv().await.unwrap();
        timed(async {
            for _ in 0..count {
                child.tell(Panic).await.unwrap();
                child = starts.recv().await.unwrap();
            }
        })
        .await
    })
}
