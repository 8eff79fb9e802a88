//! guildhall-process, as its users use it: bounded mailboxes, calls with a deadline, links, supervisors.

use std::time::Duration;

use guildhall_process::{
    ChildSpec, Ctx, ExitReason, Handle, Init, ProcRef, Process, ReplyTo, Spawn, Strategy,
    Supervisor, exit, spawn as spawn_process, start, watch,
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::yield_now;

use super::clock::timed;
use super::tokio_side::{ALIVE, BURST};

const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Counter {
    sum: u64,
    /// Told of every start, by a child that is measured being restarted.
    started: Option<UnboundedSender<ProcRef<Counter>>>,
}

enum Message {
    Add(u64),
    Get(ReplyTo<u64>),
    Panic,
    Stop,
}

impl Process for Counter {
    const KIND: &'static str = "counter";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Some(started) = &self.started {
            drop(started.send(ctx.me()));
        }
        Init::Ready
    }
}

impl Handle<Message> for Counter {
    fn handle(&mut self, message: Message, ctx: &mut Ctx<Self>) {
        match message {
            Message::Add(n) => self.sum += n,
            Message::Get(reply) => reply.send(self.sum),
            Message::Panic => panic!("ordered"),
            Message::Stop => ctx.exit(ExitReason::Normal),
        }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    actix::System::new().block_on(work)
}

/// As a task, like the other sides.
fn run<T: 'static>(work: impl Future<Output = T> + 'static) -> T {
    block_on(async { actix::spawn(work).await.unwrap() })
}

fn one() -> ProcRef<Counter> {
    spawn_process(Spawn::new(), Counter::default)
}

async fn get(process: &ProcRef<Counter>) -> u64 {
    process.call(TIMEOUT, Message::Get).await.unwrap()
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
                let downs: Vec<_> = all.iter().map(|process| watch(process.pid())).collect();
                for process in all {
                    process.tell(Message::Stop).unwrap();
                }
                for down in downs {
                    assert_eq!(down.await, ExitReason::Normal);
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
                    process.tell(Message::Add(1)).unwrap();
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

/// All linked to one, which is killed.
pub fn linked_deaths(count: usize) -> Duration {
    run(async move {
        let first = one();
        let all: Vec<_> = (1..count)
            .map(|_| spawn_process(Spawn::new().link(first.pid()), Counter::default))
            .collect();
        get(all.last().unwrap()).await;
        let downs: Vec<_> = all.iter().map(|process| watch(process.pid())).collect();
        timed(async {
            exit(first.pid(), ExitReason::Kill);
            for down in downs {
                assert_eq!(down.await, ExitReason::Killed);
            }
        })
        .await
    })
}

pub fn restart(count: usize) -> Duration {
    run(async move {
        let (started, mut starts) = unbounded_channel();
        let supervisor = start(Spawn::new(), move || {
            let child = ChildSpec::worker("child", move || Counter {
                sum: 0,
                started: Some(started.clone()),
            });
            Supervisor::new(Strategy::OneForOne)
                .intensity(u32::MAX, Duration::from_secs(1))
                .child(child)
        })
        .await
        .unwrap();
        let mut child = starts.recv().await.unwrap();
        let time = timed(async {
            for _ in 0..count {
                child.tell(Message::Panic).unwrap();
                child = starts.recv().await.unwrap();
            }
        })
        .await;
        let down = watch(supervisor.pid());
        exit(supervisor.pid(), ExitReason::Shutdown);
        down.await;
        time
    })
}
