//! The baseline: a bare tokio task with a channel that is bounded as our mailboxes are.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet, yield_now};

use super::clock::timed;

pub enum Message {
    Add(u64),
    Get(oneshot::Sender<u64>),
    Panic,
}

/// The bound of the channel, which is the default bound of our mailboxes.
const CHANNEL_MAX: usize = 1024;

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// Runs the work as a task: what `block_on` runs itself is woken through the operating system.
pub fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    block_on(async { tokio::spawn(work).await.unwrap() })
}

async fn counter(mut messages: Receiver<Message>) {
    let mut sum = 0;
    while let Some(message) = messages.recv().await {
        match message {
            Message::Add(n) => sum += n,
            Message::Get(reply) => drop(reply.send(sum)),
            Message::Panic => panic!("ordered"),
        }
    }
}

fn start() -> Sender<Message> {
    let (tx, rx) = channel(CHANNEL_MAX);
    tokio::spawn(counter(rx));
    tx
}

async fn get(process: &Sender<Message>) -> u64 {
    let (tx, rx) = oneshot::channel();
    process.send(Message::Get(tx)).await.ok().unwrap();
    rx.await.unwrap()
}

pub fn spawn(count: usize) -> Duration {
    run(async move {
        let mut all = Vec::with_capacity(count);
        timed(async {
            all.extend((0..count).map(|_| start()));
            // The last one has run, so all have.
            get(all.last().unwrap()).await;
        })
        .await
    })
}

/// How many processes are alive at a time in `churn`.
pub const ALIVE: usize = 1_000;

pub fn churn(count: usize) -> Duration {
    run(async move {
        timed(async {
            for _ in 0..count / ALIVE {
                let mut set = JoinSet::new();
                for _ in 0..ALIVE {
                    let (tx, rx) = channel::<Message>(CHANNEL_MAX);
                    set.spawn(counter(rx));
                    drop(tx);
                }
                while set.join_next().await.is_some() {}
            }
        })
        .await
    })
}

pub fn idle(count: usize, look: &dyn Fn()) {
    block_on(async {
        let all: Vec<_> = (0..count).map(|_| start()).collect();
        get(all.last().unwrap()).await;
        look();
    });
}

/// How many messages are sent before the receiver has its turn.
pub const BURST: usize = 500;

pub fn tell(count: usize) -> Duration {
    run(async move {
        let process = start();
        timed(async {
            for _ in 0..count / BURST {
                for _ in 0..BURST {
                    process.send(Message::Add(1)).await.ok().unwrap();
                }
                yield_now().await;
            }
            assert_eq!(get(&process).await, count as u64);
        })
        .await
    })
}

/// The same without waiting for room, which is the cheaper way where the receiver keeps up.
pub fn tell_without_waiting(count: usize) -> Duration {
    run(async move {
        let process = start();
        timed(async {
            for _ in 0..count / BURST {
                for _ in 0..BURST {
                    // The receiver handles a part of a burst in a turn, so the channel fills at times.
                    while process.try_send(Message::Add(1)).is_err() {
                        yield_now().await;
                    }
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
        let process = start();
        timed(async {
            for _ in 0..count {
                get(&process).await;
            }
        })
        .await
    })
}

/// Tasks have no links; what comes nearest is a signal that carries the reason to all, and a set that hears how
/// each of them ended.
pub fn linked_deaths(count: usize) -> Duration {
    run(async move {
        let (die, signal) = watch::channel(None);
        let mut set = JoinSet::new();
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let (tx, rx) = channel(CHANNEL_MAX);
            let mut signal = signal.clone();
            set.spawn(async move {
                tokio::select! {
                    biased;
                    _ = signal.changed() => *signal.borrow(),
                    () = counter(rx) => None,
                }
            });
            all.push(tx);
        }
        get(all.last().unwrap()).await;
        timed(async {
            die.send(Some("killed")).unwrap();
            while let Some(reason) = set.join_next().await {
                assert_eq!(reason.unwrap(), Some("killed"));
            }
        })
        .await
    })
}

/// Without a reason that anybody hears: the tasks are dropped where they are.
pub fn aborts(count: usize) -> Duration {
    run(async move {
        let mut set = JoinSet::new();
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let (tx, rx) = channel(CHANNEL_MAX);
            set.spawn(counter(rx));
            all.push(tx);
        }
        get(all.last().unwrap()).await;
        timed(async {
            set.abort_all();
            while set.join_next().await.is_some() {}
        })
        .await
    })
}

/// A task that awaits its child and starts it again.
pub fn restart(count: usize) -> Duration {
    run(async move {
        let (started, mut starts) = unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (tx, rx) = channel(CHANNEL_MAX);
                let started = started.clone();
                let child: JoinHandle<()> = tokio::spawn(async move {
                    drop(started.send(tx));
                    counter(rx).await;
                });
                assert!(child.await.unwrap_err().is_panic());
            }
        });
        let mut child = starts.recv().await.unwrap();
        timed(async {
            for _ in 0..count {
                child.send(Message::Panic).await.ok().unwrap();
                child = starts.recv().await.unwrap();
            }
        })
        .await
    })
}
