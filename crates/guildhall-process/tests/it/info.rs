//! Introspection: one process, and all of them.

use std::time::{Duration, Instant};

use guildhall_process::{
    ChildSpec, Ctx, DynamicRef, DynamicSupervisor, ExitReason, Handle, Pid, Placement, Pool,
    ProcRef, Process, ReplyTo, Spawn, Strategy, Supervisor, exit, forest, is_alive, process_info,
    processes, spawn, start, tree,
};

use crate::kit::{DEADLINE, Probe, act, ask, death, events, probe, run, soon};

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

#[test]
fn the_message_that_runs_is_timed_by_itself_and_not_with_its_turn() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let (tx, _events) = events();
        let stuck = Probe::new("stuck", &tx);
        let stuck = spawn(
            Spawn::new().on(Placement::On(arbiter.handle())),
            move || stuck,
        );
        // The first look: from now on messages are timed.
        process_info(stuck.pid()).unwrap();
        let (gates, began): (Vec<_>, Vec<_>) = [(); 3]
            .map(|()| {
                let (free, blocked) = std::sync::mpsc::channel::<()>();
                let (tx, began) = std::sync::mpsc::channel();
                let stick = act(move |_, _| {
                    tx.send(()).unwrap();
                    blocked.recv().unwrap_err();
                });
                stuck.tell(stick).unwrap();
                (free, began)
            })
            .into_iter()
            .unzip();
        let mut gates = gates.into_iter();
        let time = || {
            process_info(stuck.pid())
                .unwrap()
                .current_message
                .unwrap()
                .1
        };
        began[0].recv().unwrap();
        let turn = Instant::now();
        while time() < Duration::from_millis(100) {
            tokio::task::yield_now().await;
        }
        drop(gates.next());
        began[1].recv().unwrap();
        let second = Instant::now();
        // The kernel's tick is the clock; half of what the first message took is far above it.
        let shown = time();
        assert!(
            shown <= second.elapsed() + Duration::from_millis(50),
            "{shown:?} of a turn of {:?}",
            turn.elapsed()
        );
        drop(gates);
        ask(&stuck, |_, _| ()).await;
        arbiter.stop();
    });
}

#[test]
fn the_types_of_the_last_messages_are_known_and_repetitions_are_one() {
    struct Sorter;
    struct A;
    struct B;
    impl Process for Sorter {
        const KIND: &'static str = "sorter";
    }
    impl Handle<A> for Sorter {
        fn handle(&mut self, _msg: A, _ctx: &mut Ctx<Self>) {}
    }
    impl Handle<B> for Sorter {
        fn handle(&mut self, _msg: B, _ctx: &mut Ctx<Self>) {}
    }
    impl Handle<ReplyTo<()>> for Sorter {
        fn handle(&mut self, reply: ReplyTo<()>, _ctx: &mut Ctx<Self>) {
            reply.send(());
        }
    }
    run(async {
        let sorter = spawn(Spawn::new(), || Sorter);
        let recent = || process_info(sorter.pid()).unwrap().recent_messages;
        assert!(recent().is_empty());
        for _ in 0..3 {
            sorter.tell(A).unwrap();
        }
        sorter.tell(B).unwrap();
        sorter.call(DEADLINE, |reply| reply).await.unwrap();
        let seen = recent();
        let ends = ["::A", "::B", "ReplyTo<()>"];
        assert_eq!(seen.len(), ends.len(), "{seen:?}");
        assert!(
            seen.iter().zip(ends).all(|(name, end)| name.ends_with(end)),
            "{seen:?}"
        );
        for _ in 0..20 {
            sorter.tell(A).unwrap();
            sorter.tell(B).unwrap();
        }
        sorter.call(DEADLINE, |reply| reply).await.unwrap();
        assert_eq!(recent().len(), 8);
    });
}

#[test]
fn ancestors_are_told_from_the_parent_upwards_as_far_as_they_live() {
    run(async {
        let (root, _events) = probe(false).await;
        let (middle, _other) = start_below(root.pid()).await;
        let (leaf, _another) = start_below(middle).await;
        let ancestors = || process_info(leaf).unwrap().ancestors;
        assert_eq!(ancestors(), [middle, root.pid()]);
        exit(root.pid(), ExitReason::Kill);
        death(root.pid()).await;
        assert_eq!(ancestors(), [middle]);
    });
}

/// A probe that is a child of `parent`, but not linked to it.
async fn start_below(parent: Pid) -> (Pid, crate::kit::Events) {
    let (tx, events) = events();
    let probe = Probe::new("below", &tx);
    let process = soon(start(Spawn::named("below").parent(parent), move || probe)).await;
    (process.unwrap().pid(), events)
}

#[test]
fn a_tree_is_readable_and_a_name_cannot_forge_a_line() {
    run(async {
        let (root, _events) = probe(false).await;
        let (first, _one) = start_below(root.pid()).await;
        let (leaf, _two) = start_below(first).await;
        let forged = Spawn::named("x\n<0.1> supervisor").parent(root.pid());
        let (tx, _three) = events();
        let forged = spawn(forged, move || Probe::new("forged", &tx)).pid();
        let text = tree(root.pid()).unwrap().to_string();
        let root = root.pid();
        let expected = format!(
            "{root} probe probe\n\
             ├─ {first} probe below\n\
             │  └─ {leaf} probe below\n\
             └─ {forged} probe x\\n<0.1> supervisor\n"
        );
        assert_eq!(text, expected);
    });
}

#[test]
fn the_orphans_of_a_dead_parent_are_roots() {
    run(async {
        let (root, _events) = probe(false).await;
        let (child, _child) = start_below(root.pid()).await;
        let is_root = |pid| forest().roots.iter().any(|node| node.info.pid == pid);
        assert!(is_root(root.pid()) && !is_root(child));
        exit(root.pid(), ExitReason::Kill);
        death(root.pid()).await;
        assert!(is_root(child));
    });
}

#[test]
fn a_line_of_ten_thousand_descendants_costs_no_stack() {
    run(async {
        let (root, _events) = probe(false).await;
        let mut last = root.pid();
        for _ in 0..10_000 {
            last = spawn(Spawn::new().parent(last), || Quiet).pid();
        }
        let top = tree(root.pid()).unwrap();
        let mut level = &top;
        let mut levels = 1;
        while let [child] = level.children.as_slice() {
            level = child;
            levels += 1;
        }
        assert_eq!((levels, level.children.len()), (64, 10_000 - 63));
        assert_eq!(process_info(last).unwrap().ancestors.len(), 32);
    });
}

struct Quiet;

impl Process for Quiet {
    const KIND: &'static str = "quiet";
}

#[test]
fn no_snapshot_shows_a_child_without_its_living_parent() {
    for _ in 0..10 {
        look_at_growing_lines();
    }
}

fn look_at_growing_lines() {
    const NAME: &str = "lineage";
    std::thread::scope(|scope| {
        let lines = [(); 2].map(|()| {
            scope.spawn(|| {
                // Each is the child of the one before it, and none of them ends.
                let mut line = vec![Pool::new(NAME, 1, 1)];
                for _ in 0..150 {
                    let parent = line[line.len() - 1].pid();
                    line.push(Pool::child_of(parent, NAME, 1, 1));
                }
                line
            })
        });
        while !lines.iter().all(|line| line.is_finished()) {
            let roots = forest().roots;
            let lost = roots
                .iter()
                .find(|node| node.info.name.as_deref() == Some(NAME) && node.info.parent.is_some());
            assert!(lost.is_none(), "{lost:?}");
        }
        // The next look must not see this line while it ends.
        let lines = lines.map(|line| line.join().unwrap());
        let pids: Vec<_> = lines.iter().flatten().map(Pool::pid).collect();
        drop(lines);
        while pids.iter().any(|pid| is_alive(*pid)) {
            std::thread::yield_now();
        }
    });
}
