//! Crash reports: one record with every field for a crash, none for any other end, and no harm from
//! a logger that panics or looks back at the processes.

use std::sync::{Mutex, Once};
use std::time::Duration;

use guildhall_process::{
    ChildSpec, Ctx, ExitReason, Handle, Init, Pid, Process, Spawn, Strategy, Supervisor, exit,
    forest, process_info, processes, spawn, start, watch,
};

use crate::kit::{Probe, ask, boom, death, events, probe, run, soon};

/// Only processes of this name are listened to; other tests crash by the thousand.
const REPORTED: &str = "reported";
/// The logger looks back at the processes and panics when it hears of one of these.
const HOSTILE: &str = "hostile";

type Fields = Vec<(String, String)>;

struct Collector(Mutex<Vec<Fields>>);

static COLLECTOR: Collector = Collector(Mutex::new(Vec::new()));

impl log::Log for Collector {
    fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        struct Visitor(Fields);
        impl<'kvs> log::kv::VisitSource<'kvs> for Visitor {
            fn visit_pair(
                &mut self,
                key: log::kv::Key<'kvs>,
                value: log::kv::Value<'kvs>,
            ) -> Result<(), log::kv::Error> {
                self.0.push((key.to_string(), value.to_string()));
                Ok(())
            }
        }
        let mut visitor = Visitor(vec![("text".to_owned(), record.args().to_string())]);
        record.key_values().visit(&mut visitor).unwrap();
        let name = field(&visitor.0, "name").map(str::to_owned);
        if matches!(name.as_deref(), Some(REPORTED | HOSTILE)) {
            self.0.lock().unwrap().push(visitor.0);
        }
        if name.as_deref() == Some(HOSTILE) {
            let crashed = processes()
                .into_iter()
                .find(|info| info.name == name)
                .unwrap();
            assert!(process_info(crashed.pid).is_some() && !forest().roots.is_empty());
            exit(crashed.pid, ExitReason::Kill);
            drop(watch(crashed.pid));
            panic!("a logger that panics");
        }
    }

    fn flush(&self) {}
}

fn field<'a>(fields: &'a Fields, key: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(name, _)| name == key);
    found.map(|(_, value)| value.as_str())
}

/// The reports about one process.
fn reports(pid: Pid) -> Vec<Fields> {
    let all = COLLECTOR.0.lock().unwrap();
    let about = |fields: &&Fields| field(fields, "pid") == Some(&pid.to_string());
    all.iter().filter(about).cloned().collect()
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&COLLECTOR).unwrap();
        log::set_max_level(log::LevelFilter::Error);
    });
}

/// Dies of its messages in every way there is.
struct Mortal(Init);

enum Die {
    Panic,
    Exit(ExitReason),
    Watch(Pid),
}

impl Process for Mortal {
    const KIND: &'static str = "mortal";

    fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
        self.0.clone()
    }

    fn state_summary(&self) -> Option<String> {
        Some("in good health".to_owned())
    }
}

impl Handle<Die> for Mortal {
    fn handle(&mut self, msg: Die, ctx: &mut Ctx<Self>) {
        match msg {
            Die::Panic => panic!("bang"),
            Die::Exit(reason) => ctx.exit(reason),
            Die::Watch(pid) => {
                ctx.monitor(pid);
            }
        }
    }
}

/// Dies of `die`; the reason it has ended for, and the reports about it.
async fn last_words(name: &str, die: Die) -> (ExitReason, Vec<Fields>) {
    let mortal = spawn(Spawn::named(name), || Mortal(Init::Ready));
    let down = watch(mortal.pid());
    mortal.tell(die).unwrap();
    let reason = soon(down).await;
    (reason, reports(mortal.pid()))
}

#[test]
fn a_crash_report_has_every_field() {
    listen();
    run(async {
        let (parent, _events) = probe(true).await;
        let (watched, _other) = probe(false).await;
        let opts = Spawn::named(REPORTED).child_of(parent.pid());
        let mortal = soon(start(opts, || Mortal(Init::Ready))).await.unwrap();
        mortal.tell(Die::Watch(watched.pid())).unwrap();
        mortal.tell(Die::Panic).unwrap();
        mortal.tell(Die::Panic).unwrap();
        death(mortal.pid()).await;
        let seen = reports(mortal.pid());
        assert_eq!(seen.len(), 1);
        let field = |key| field(&seen[0], key).unwrap_or_else(|| panic!("no field {key}"));
        let (pid, parent) = (mortal.pid().to_string(), parent.pid().to_string());
        for (key, expected) in [
            ("pid", pid.as_str()),
            ("name", REPORTED),
            ("kind", "mortal"),
            ("state", "in good health"),
            ("ancestors", &format!("[\"{parent} probe\"]")),
            ("links", &format!("[{parent}]")),
            ("monitors", &format!("[{}]", watched.pid())),
            ("mailbox_len", "1"),
            ("handled", "2"),
            ("restarts", "0"),
        ] {
            assert_eq!(field(key), expected, "{key}");
        }
        assert!(field("reason").starts_with("panic: bang at "));
        assert!(field("last_message").ends_with("reports::Die"));
        let uptime = Duration::from_millis(field("uptime_ms").parse().unwrap());
        assert!(uptime < Duration::from_secs(60));
        let text = format!("process {pid} mortal {REPORTED} crashed: panic: bang");
        assert!(field("text").starts_with(&text), "{}", field("text"));
    });
}

#[test]
fn a_restarted_child_tells_how_often_it_was_restarted() {
    listen();
    run(async {
        let (tx, mut started) = tokio::sync::mpsc::unbounded_channel();
        let spec = ChildSpec::worker(REPORTED, || Mortal(Init::Ready));
        let spec = spec.on_start(move |child| tx.send(child.clone()).unwrap());
        let supervisor = move || Supervisor::new(Strategy::OneForOne).child(spec);
        let _root = soon(start(Spawn::new(), supervisor)).await.unwrap();
        for restarts in ["0", "1"] {
            let child: guildhall_process::ProcRef<Mortal> = soon(started.recv()).await.unwrap();
            child.tell(Die::Panic).unwrap();
            death(child.pid()).await;
            let seen = reports(child.pid());
            assert_eq!(field(&seen[0], "restarts"), Some(restarts));
        }
    });
}

#[test]
fn only_a_process_that_breaks_by_itself_is_reported_and_only_once() {
    listen();
    run(async {
        for (die, count) in [
            (Die::Panic, 1),
            (Die::Exit(boom()), 1),
            (Die::Exit(ExitReason::Normal), 0),
            (Die::Exit(ExitReason::Shutdown), 0),
            (Die::Exit(ExitReason::shutdown_with("done")), 0),
        ] {
            let (reason, seen) = last_words(REPORTED, die).await;
            assert_eq!(seen.len(), count, "{reason}");
        }
        let failed = start(Spawn::named(REPORTED), || Mortal(Init::Fail(boom())));
        assert!(soon(failed).await.is_err());
        let signalled = soon(start(Spawn::named(REPORTED), || Mortal(Init::Ready))).await;
        let signalled = signalled.unwrap().pid();
        exit(signalled, boom());
        death(signalled).await;
        assert_eq!(reports(signalled).len(), 0);
    });
}

#[test]
fn a_logger_that_looks_back_and_panics_keeps_no_death_from_being_announced() {
    listen();
    run(async {
        let (witness, mut heard) = probe(true).await;
        let (tx, _events) = events();
        let target = Probe::new("target", &tx);
        let target = soon(start(Spawn::named("target"), move || target))
            .await
            .unwrap();
        let mortal = spawn(Spawn::named(HOSTILE).link(target.pid()), || {
            Mortal(Init::Ready)
        });
        let pid = mortal.pid();
        ask(&witness, move |_, ctx| ctx.monitor(pid)).await;
        let (down, linked) = (watch(pid), watch(target.pid()));
        mortal.tell(Die::Panic).unwrap();
        let ExitReason::Panic(info) = soon(down).await else {
            panic!("another reason");
        };
        // Its own fault, and not that of the logger.
        assert_eq!(info.message, "bang");
        assert_eq!(reports(pid).len(), 1);
        assert_eq!(soon(linked).await, ExitReason::Panic(info));
        assert!(matches!(heard.next().await, crate::kit::Event::Down(_)));
    });
}
