//! Processes that are started under a name, and addresses that are resolved at the send.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use guildhall_process::{
    CallError, ChildSpec, ExitReason, Init, Placement, Registry, SendError, Spawn, StartError,
    Strategy, Supervisor, SupervisorRef, Taken, exit, process_info, processes, start, watch,
};

use crate::kit::{DEADLINE, Event, Probe, act, ask, boom, death, events, probe, run, soon};

type Names = Registry<&'static str, Probe>;

#[test]
fn a_process_has_its_name_before_its_init_runs() {
    run(async {
        let names = Names::new("names");
        let via = names.via("ada");
        let (tx, _events) = events();
        let (seen, within) = tokio::sync::oneshot::channel();
        let (owner, probe) = (via.clone(), Probe::new("ada", &tx));
        let started = via.start(Spawn::new(), move || {
            // The maker runs before `init`, as the first thing that the process does.
            seen.send(owner.whereis().map(|owner| owner.pid())).unwrap();
            probe
        });
        let process = soon(started).await.unwrap();
        assert_eq!(soon(within).await.unwrap(), Some(process.pid()));
    });
}

#[test]
fn a_name_that_is_taken_fails_the_start_with_the_pid_of_its_owner_and_nobody_hears_of_it() {
    run(async {
        let via = Names::new("names").via("ada");
        let (parent, mut heard) = probe(true).await;
        let (tx, mut events) = events();
        let begin = || {
            let probe = Probe::new("ada", &tx);
            via.start(Spawn::new().child_of(parent.pid()), move || probe)
        };
        let first = soon(begin()).await.unwrap();
        events.started().await;
        assert_eq!(
            soon(begin()).await.unwrap_err(),
            StartError::AlreadyStarted(first.pid())
        );
        let probe = Probe::new("ada", &tx);
        let taken = via.spawn(Spawn::new().child_of(parent.pid()), move || probe);
        assert_eq!(taken, Err(Taken { by: first.pid() }));
        ask(&parent, |_, _| ()).await;
        assert_eq!((heard.so_far(), events.so_far()), (vec![], vec![]));
        assert_eq!(process_info(parent.pid()).unwrap().links, [first.pid()]);

        exit(first.pid(), boom());
        death(first.pid()).await;
        assert_ne!(soon(begin()).await.unwrap(), first);
    });
}

#[test]
fn a_failed_init_gives_the_name_back_before_the_starter_hears_of_it() {
    run(async {
        let via = Names::new("names").via("ada");
        let (tx, _events) = events();
        let mut probe = Probe::new("ada", &tx);
        probe.init = Init::Fail(boom());
        let started = soon(via.start(Spawn::new(), move || probe)).await;
        assert_eq!(started.unwrap_err(), StartError::Init(boom()));
        assert!(via.whereis().is_none());
    });
}

#[test]
fn an_address_finds_whoever_has_the_name_when_something_is_sent() {
    run(async {
        let via = Names::new("names").via("ada");
        let (tx, mut events) = events();
        let message = |n| act(move |probe, _| probe.say(Event::Said(n)));
        assert!(matches!(via.tell(message(0)), Err(SendError::Dead(_))));
        let nobody = via.call(DEADLINE, |reply| act(move |_, _| reply.send(())));
        assert_eq!(nobody.await, Err(CallError::NoProc));
        for n in [1, 2] {
            let probe = Probe::new("ada", &tx);
            let process = via.spawn(Spawn::new(), move || probe).unwrap();
            events.started().await;
            via.tell(message(n)).unwrap();
            let pid = via.call(DEADLINE, |reply| act(move |_, ctx| reply.send(ctx.pid())));
            assert_eq!(soon(pid).await, Ok(process.pid()));
            assert_eq!(events.so_far(), [Event::Said(n)]);
            exit(process.pid(), ExitReason::Kill);
            death(process.pid()).await;
        }
        assert!(matches!(via.tell(message(3)), Err(SendError::Dead(_))));
    });
}

#[test]
fn of_many_that_start_under_one_name_at_once_one_has_it_and_nobody_sees_another() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 300;
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let names = Names::new("names");
        let (tx, _events) = events();
        for round in 0..ROUNDS {
            let via = names.via("contested");
            let (won, gate) = (
                Arc::new(AtomicUsize::new(0)),
                Arc::new(Barrier::new(THREADS)),
            );
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    let (via, won, gate) = (via.clone(), Arc::clone(&won), Arc::clone(&gate));
                    let (probe, place) = (
                        Probe::new("contested", &tx),
                        Placement::On(arbiter.handle()),
                    );
                    std::thread::spawn(move || {
                        gate.wait();
                        let opts = Spawn::named("contested").on(place);
                        if via.spawn(opts, move || probe).is_ok() {
                            won.fetch_add(1, Ordering::SeqCst);
                        }
                        let visible = processes();
                        let contested = |info: &&_| named(info, "contested");
                        for info in visible.iter().filter(contested) {
                            assert!(!info.registered.is_empty(), "seen without its name");
                        }
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(won.load(Ordering::SeqCst), 1, "round {round}");
            let owner = via.whereis().unwrap();
            let down = watch(owner.pid());
            exit(owner.pid(), ExitReason::Kill);
            soon(down).await;
        }
        arbiter.stop();
    });
}

fn named(info: &guildhall_process::ProcessInfo, name: &str) -> bool {
    info.name.as_deref() == Some(name)
}

#[test]
fn a_supervised_child_has_its_name_again_before_its_restart_is_ready() {
    run(async {
        let via = Names::new("names").via("ada");
        let (tx, mut events) = events();
        let spec = ChildSpec::via("ada", via.clone(), move || Probe::new("ada", &tx));
        let root = soon(start(Spawn::new(), move || {
            Supervisor::new(Strategy::OneForOne).child(spec)
        }))
        .await
        .unwrap();
        let (_, first) = events.started().await;
        assert_eq!(via.whereis().map(|owner| owner.pid()), Some(first));
        exit(first, boom());
        let (_, second) = events.started().await;
        assert_eq!(via.whereis().map(|owner| owner.pid()), Some(second));
        let children = soon(SupervisorRef::from(root).which_children()).await;
        assert_eq!(children.unwrap().len(), 1);
    });
}

#[test]
fn a_child_whose_name_is_taken_cannot_be_started() {
    run(async {
        let via = Names::new("names").via("ada");
        let (tx, _events) = events();
        let probe = Probe::new("ada", &tx);
        let owner = via.spawn(Spawn::new(), move || probe).unwrap();
        let spec = ChildSpec::via("ada", via.clone(), move || Probe::new("ada", &tx));
        let root = soon(start(Spawn::new(), move || {
            Supervisor::new(Strategy::OneForOne).child(spec)
        }));
        let Err(StartError::Init(reason)) = root.await else {
            panic!("started");
        };
        assert!(
            reason.to_string().contains(&owner.pid().to_string()),
            "{reason}"
        );
        assert!(owner.is_alive());
    });
}
