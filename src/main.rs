//! The program: `guildhall dev` (the default), `guildhall serve`, `guildhall probe`. Parses flags, sets up
//! the log, and hands over to the library.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use guildhall::config::{Config, ConfigError};
use guildhall::hall::Faults;
use guildhall::server::{self, Opened, Running};
use guildhall::{demo, probe};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Backend for shared-world games in which every connection is a supervised process.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a world with a demo filled in at the first start (the default).
    Dev(Flags),
    /// Serve a world.
    Serve(Flags),
    /// Walk the whole path against a running server; exit status 1 at the first step that fails.
    Probe(probe::Flags),
}

#[derive(Args, Clone, Default)]
struct Flags {
    /// Configuration file; without it `guildhall.toml` if there is one.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Directory of the world.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The database: sqlite:///path/to/file or postgres://user@host:port/name.
    #[arg(long)]
    database: Option<String>,
    /// Address of the public listener.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Address of the admin listener.
    #[arg(long)]
    admin_listen: Option<SocketAddr>,
}

/// What is logged when `RUST_LOG` says nothing. The HTTP layer calls the planned end of every websocket an
/// error of its body; sessions log their ends themselves.
const LOG_FILTER: &str = "info,actix_server=warn,actix_http::h1::dispatcher=off";

/// The file that is read when `--config` is not given.
const CONFIG_FILE: &str = "guildhall.toml";

impl Flags {
    fn config(self) -> Result<Config, ConfigError> {
        let fallback = PathBuf::from(CONFIG_FILE);
        let file = self
            .config
            .or_else(|| fallback.exists().then_some(fallback));
        let mut config = Config::load(file.as_deref(), std::env::vars())?;
        config.data = self.data.unwrap_or(config.data);
        config.database = self.database.or(config.database);
        config.listen = self.listen.unwrap_or(config.listen);
        config.admin_listen = self.admin_listen.unwrap_or(config.admin_listen);
        Ok(config)
    }
}

fn main() -> ExitCode {
    let env = env_logger::Env::default().default_filter_or(LOG_FILTER);
    env_logger::Builder::from_env(env).init();
    let cli = Cli::parse();
    let system = actix_web::rt::System::new();
    let done = match cli.command {
        Some(Command::Probe(flags)) => return system.block_on(probe::run(flags)),
        Some(Command::Serve(flags)) => system.block_on(run(flags, false)),
        Some(Command::Dev(flags)) => system.block_on(run(flags, true)),
        None => system.block_on(run(cli.flags, true)),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            say(&format!("guildhall cannot start: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// A reader that has closed standard output is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

async fn run(flags: Flags, dev: bool) -> Result<ExitCode, Box<dyn std::error::Error>> {
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

async fn start(opened: Opened, dev: bool) -> Result<Running, Box<dyn std::error::Error>> {
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

async fn until_told_to_stop(
    running: Running,
    mut orders: StopOrders,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let told = tokio::select! {
        order = orders.next() => order,
        reason = running.died() => {
            say(&format!("guildhall gave up: {reason}"));
            return Ok(ExitCode::FAILURE);
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
