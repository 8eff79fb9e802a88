//! `guildhall dev` and `guildhall serve`: start, say where, and stop in order when told to.

use std::process::ExitCode;

use guildhall::demo;
use guildhall::hall::Faults;
use guildhall::server::{self, Opened, Running};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::flags::Flags;
use super::{Failure, say};

/// Serves a world until it is told to stop; with `dev` a demo is filled in at the first start.
pub async fn run(flags: Flags, dev: bool) -> Result<ExitCode, Failure> {
    let mut orders = StopOrders::await_from_now()?;
    // A world that is only being opened holds nothing to save.
    let opened = tokio::select! {
        opened = server::open(flags.config()?) => opened?,
        _ = orders.next() => {
            say("stopped before it had started");
            return Ok(ExitCode::FAILURE);
        }
    };
    let starting = start(opened, dev);
    let running = tokio::select! {
        running = starting => running?,
        () = orders.insist() => {
            say("stopped before it had started");
            return Ok(ExitCode::FAILURE);
        }
    };
    until_told_to_stop(running, orders).await
}

async fn start(opened: Opened, dev: bool) -> Result<Running, Failure> {
    let running = opened.start(Faults::default()).await?;
    let (public, admin) = (running.public_address(), running.admin_address());
    let data = running.hall().config.data.display().to_string();
    if dev {
        show_demo(demo::fill(&running.hall().config.data, public).await);
    }
    say(&format!("socket        ws://{public}/v1/socket"));
    say(&format!("admin         http://{admin}/admin/supervisor"));
    say(&format!(
        "admin token   {data}/{}",
        server::ADMIN_TOKEN_FILE
    ));
    say(&format!("listening     http://{public}"));
    Ok(running)
}

/// The signals that order a stop. Awaited before the server starts: from its first moment on a stop must be an
/// orderly one, and one that comes while it starts is obeyed when it has started, or when it comes again.
struct StopOrders {
    terminate: Signal,
    interrupt: Signal,
    /// One that has come and is not obeyed yet.
    waiting: Option<&'static str>,
}

impl StopOrders {
    fn await_from_now() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            waiting: None,
        })
    }

    async fn signal(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// The order to obey: one that waits, or the next one.
    async fn next(&mut self) -> &'static str {
        match self.waiting.take() {
            Some(order) => order,
            None => self.signal().await,
        }
    }

    /// Ends at the second order; the first one waits to be obeyed.
    async fn insist(&mut self) {
        self.waiting = Some(self.signal().await);
        self.signal().await;
    }
}

/// A demo world that cannot be filled in is no reason not to serve what is there.
fn show_demo(filled: Result<Vec<String>, demo::DemoError>) {
    match filled {
        Ok(sign_ins) => {
            for sign_in in sign_ins {
                say(&format!("demo sign-in  {sign_in}"));
            }
        }
        Err(error) => say(&format!("demo          not filled in: {error}")),
    }
}

async fn until_told_to_stop(running: Running, mut orders: StopOrders) -> Result<ExitCode, Failure> {
    let told = tokio::select! {
        order = orders.next() => order,
        reason = running.died() => {
            let (why, status) = match running.hall().gave_up.get() {
                Some(why) => (why.sentence.clone(), ExitCode::from(why.exit_status)),
                None => (reason.to_string(), ExitCode::FAILURE),
            };
            say(&format!("guildhall gave up: {why}"));
            return Ok(status);
        }
    };
    log::info!("{told}: stopping");
    let saved = running.stop().await;
    say("stopped");
    Ok(if saved {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
