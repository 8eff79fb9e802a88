//! Introspection and crash reports.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use guildhall_process::{
    ChildSpec, DynamicRef, DynamicSupervisor, ExitReason, Placement, ProcRef, Spawn, Strategy,
    Supervisor, exit, process_info, processes, spawn, start, tree,
};

use crate::kit::{Probe, act, ask, boom, death, events, probe, run, soon};

#[test]
fn everything_is_known_of_a_process_without_its_help() {
    run(async {
        let (process, _events) = probe(true).await;
        let (other, _events) = probe(true).await;
        let (pid, peer) = (process.pid(), other.pid());
        ask(&process, move |_, ctx| {
            ctx.link(peer);
            ctx.monitor(peer);
        })
        .await;
        let info = process_info(pid).unwrap();
        assert_eq!(
            (info.name.as_deref(), info.kind, info.class),
            (Some("probe"), "probe", "worker")
        );
        assert_eq!(
            (info.links.as_slice(), info.monitors.as_slice()),
            (&[peer][..], &[peer][..])
        );
        assert_eq!(process_info(peer).unwrap().monitored_by, [pid]);
        assert!(info.trap_exit && info.parent.is_none() && info.restart.is_none());
        assert_eq!(
            (info.mailbox_len, info.mailbox_max, info.handled),
            (0, 200_000, 1)
        );
        assert!(info.current_message.is_none());
        assert!(info.run_time <= info.uptime);
        assert!(processes().iter().any(|info| info.pid == pid));
        exit(pid, ExitReason::Kill);
        death(pid).await;
        assert!(process_info(pid).is_none());
        assert!(process_info(peer).unwrap().monitored_by.is_empty());
    });
}

#[test]
fn run_time_is_told_to_the_tick_of_the_kernel() {
    const TICK_MAX: Duration = Duration::from_millis(10);
    run(async {
        let (process, _events) = probe(false).await;
        let before = process_info(process.pid()).unwrap().run_time;
        let worked = ask(&process, |_, _| {
            let began = Instant::now();
            while began.elapsed() < TICK_MAX * 5 {
                std::hint::spin_loop();
            }
            began.elapsed()
        });
        let worked = worked.await;
        // The answer leaves before the turn ends.
        ask(&process, |_, _| ()).await;
        let told = process_info(process.pid()).unwrap().run_time - before;
        assert!(told.abs_diff(worked) <= TICK_MAX, "{told:?} of {worked:?}");
    });
}

#[test]
fn a_stuck_handler_shows_what_it_is_stuck_in() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let (tx, _events) = events();
        let stuck = Probe::new("stuck", &tx);
        let place = Placement::On(arbiter.handle());
        let stuck = spawn(Spawn::new().on(place), move || stuck);
        let (free, blocked) = std::sync::mpsc::channel::<()>();
        let (tx, began) = tokio::sync::oneshot::channel();
        let stick = act(move |_, _| {
            tx.send(()).unwrap();
            blocked.recv().unwrap_err();
        });
        stuck.tell(stick).unwrap();
        soon(began).await.unwrap();
        let (message, _time) = process_info(stuck.pid()).unwrap().current_message.unwrap();
        assert!(message.ends_with("kit::Do"), "{message}");
        drop(free);
        ask(&stuck, |_, _| ()).await;
        arbiter.stop();
    });
}

#[test]
fn the_tree_shows_children_in_start_order() {
    run(async {
        let (tx, _events) = events();
        let root = soon(start(Spawn::named("root"), move || {
            let worker = |name, tx| ChildSpec::worker(name, move || Probe::new(name, &tx));
            Supervisor::new(Strategy::OneForOne)
                .child(worker("a", tx.clone()))
                .child(ChildSpec::dynamic("sessions", DynamicSupervisor::new))
                .child(worker("b", tx))
        }))
        .await
        .unwrap();
        let top = tree(root.pid()).unwrap();
        let names: Vec<_> = top
            .children
            .iter()
            .map(|c| c.info.name.as_deref().unwrap())
            .collect();
        assert_eq!(names, ["a", "sessions", "b"]);
        assert_eq!(top.children[1].info.class, "supervisor");
    });
}

#[test]
fn a_dynamic_supervisor_in_a_tree_is_reached_through_on_start() {
    run(async {
        let (tx, mut found) = tokio::sync::mpsc::unbounded_channel::<DynamicRef>();
        let root = soon(start(Spawn::named("root"), move || {
            let sessions = ChildSpec::dynamic("sessions", DynamicSupervisor::new);
            let sessions = sessions.on_start(move |process: &ProcRef<DynamicSupervisor>| {
                tx.send(process.clone().into()).unwrap();
            });
            Supervisor::new(Strategy::OneForOne).child(sessions)
        }))
        .await
        .unwrap();
        let sessions = soon(found.recv()).await.unwrap();
        let (tx, _events) = events();
        let child = Probe::new("child", &tx);
        let child = soon(sessions.start_temporary(None, Placement::Here, move || child)).await;
        let top = tree(root.pid()).unwrap();
        assert_eq!(top.children[0].children[0].info.pid, child.unwrap().pid());
    });
}

/// Collects the crash reports about processes of this name; other tests crash by the thousand.
const REPORTED: &str = "reported";

struct Collector(Mutex<Vec<Vec<(String, String)>>>);

static COLLECTOR: Collector = Collector(Mutex::new(Vec::new()));

impl log::Log for Collector {
    fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        struct Fields(Vec<(String, String)>);
        impl<'kvs> log::kv::VisitSource<'kvs> for Fields {
            fn visit_pair(
                &mut self,
                key: log::kv::Key<'kvs>,
                value: log::kv::Value<'kvs>,
            ) -> Result<(), log::kv::Error> {
                self.0.push((key.to_string(), value.to_string()));
                Ok(())
            }
        }
        let mut fields = Fields(Vec::new());
        record.key_values().visit(&mut fields).unwrap();
        if fields.0.contains(&("name".to_owned(), REPORTED.to_owned())) {
            self.0.lock().unwrap().push(fields.0);
        }
    }

    fn flush(&self) {}
}

/// The reports about one process.
fn reports(pid: guildhall_process::Pid) -> Vec<Vec<(String, String)>> {
    let about = ("pid".to_owned(), pid.to_string());
    let all = COLLECTOR.0.lock().unwrap();
    all.iter()
        .filter(|fields| fields.contains(&about))
        .cloned()
        .collect()
}

#[test]
fn a_crash_gives_one_report_with_fields_and_a_death_by_a_signal_none() {
    log::set_logger(&COLLECTOR).unwrap();
    log::set_max_level(log::LevelFilter::Error);
    run(async {
        let (parent, _events) = probe(true).await;
        let (tx, _events) = events();
        let child = Probe::new("child", &tx);
        let opts = Spawn::named(REPORTED).child_of(parent.pid());
        let child = soon(start(opts, move || child)).await.unwrap();
        child.tell(act(|_, _| panic!("bang"))).unwrap();
        death(child.pid()).await;
        let seen = reports(child.pid());
        assert_eq!(seen.len(), 1);
        let field = |key: &str| {
            let found = seen[0].iter().find(|(name, _)| name == key);
            found.unwrap_or_else(|| panic!("no field {key}")).1.clone()
        };
        assert_eq!(
            (field("name"), field("kind")),
            (REPORTED.into(), "probe".into())
        );
        assert!(field("reason").starts_with("panic: bang"));
        assert!(field("last_message").ends_with("kit::Do"));
        assert!(field("ancestors").contains(&parent.pid().to_string()));
        assert!(field("links").contains(&parent.pid().to_string()));
        assert_eq!(
            (field("mailbox_len"), field("state")),
            ("0".into(), String::new())
        );

        let victim = Probe::new("victim", &tx);
        let victim = soon(start(Spawn::named(REPORTED), move || victim))
            .await
            .unwrap();
        exit(victim.pid(), boom());
        death(victim.pid()).await;
        assert_eq!(reports(victim.pid()).len(), 0);
    });
}
