//! ractor: linked to a supervisor, which stops or restarts its children.

use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent, call_t, cast};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::yield_now;

use super::clock::timed;
use super::tokio_side::{ALIVE, BURST, block_on, run};

const TIMEOUT_MS: u64 = 5_000;

struct Counter;

enum Message {
    Add(u64),
    Get(RpcReplyPort<u64>),
    Panic,
}

impl Actor for Counter {
    type Msg = Message;
    type State = u64;
    /// Told of the start, by a child that is measured being restarted.
    type Arguments = Option<UnboundedSender<ActorRef<Message>>>;

    async fn pre_start(
        &self,
        me: ActorRef<Message>,
        started: Self::Arguments,
    ) -> Result<u64, ActorProcessingErr> {
        if let Some(started) = started {
            drop(started.send(me));
        }
        Ok(0)
    }

    async fn handle(
        &self,
        _me: ActorRef<Message>,
        message: Message,
        sum: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Add(n) => *sum += n,
            Message::Get(reply) => reply.send(*sum)?,
            Message::Panic => panic!("ordered"),
        }
        Ok(())
    }
}

/// Starts its child again, when it has one.
struct Boss;

impl Actor for Boss {
    type Msg = ();
    type State = Option<UnboundedSender<ActorRef<Message>>>;
    type Arguments = Option<UnboundedSender<ActorRef<Message>>>;

    async fn pre_start(
        &self,
        me: ActorRef<()>,
        started: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        if started.is_some() {
            Actor::spawn_linked(None, Counter, started.clone(), me.get_cell()).await?;
        }
        Ok(started)
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<()>,
        event: SupervisionEvent,
        started: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(..) = event {
            Actor::spawn_linked(None, Counter, started.clone(), me.get_cell()).await?;
        }
        Ok(())
    }
}

async fn one() -> ActorRef<Message> {
    Actor::spawn(None, Counter, None).await.unwrap().0
}

async fn get(process: &ActorRef<Message>) -> u64 {
    call_t!(process, Message::Get, TIMEOUT_MS).unwrap()
}

async fn some(count: usize) -> Vec<ActorRef<Message>> {
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(one().await);
    }
    all
}

async fn stop(all: &[ActorRef<Message>]) {
    for process in all {
        process.stop(None);
    }
    for process in all {
        process.wait(None).await.ok();
    }
}

pub fn spawn(count: usize) -> Duration {
    run(async move {
        let mut all = Vec::new();
        let time = timed(async { all = some(count).await }).await;
        stop(&all).await;
        time
    })
}

pub fn churn(count: usize) -> Duration {
    run(async move {
        timed(async {
            for _ in 0..count / ALIVE {
                stop(&some(ALIVE).await).await;
            }
        })
        .await
    })
}

pub fn idle(count: usize, look: &dyn Fn()) {
    block_on(async {
        let all = some(count).await;
        look();
        stop(&all).await;
    });
}

pub fn tell(count: usize) -> Duration {
    run(async move {
        let process = one().await;
        timed(async {
            for _ in 0..count / BURST {
                for _ in 0..BURST {
                    cast!(process, Message::Add(1)).unwrap();
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
        let process = one().await;
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
        let (boss, _) = Actor::spawn(None, Boss, None).await.unwrap();
        for _ in 0..count {
            Actor::spawn_linked(None, Counter, None, boss.get_cell())
                .await
                .unwrap();
        }
        timed(async {
            boss.stop_children_and_wait(None, None).await;
        })
        .await
    })
}

pub fn restart(count: usize) -> Duration {
    run(async move {
        let (started, mut starts) = unbounded_channel();
        let (boss, _) = Actor::spawn(None, Boss, Some(started)).await.unwrap();
        let mut child = starts.recv().await.unwrap();
        let time = timed(async {
            for _ in 0..count {
                cast!(child, Message::Panic).unwrap();
                child = starts.recv().await.unwrap();
            }
        })
        .await;
        boss.stop_and_wait(None, None).await.unwrap();
        time
    })
}
