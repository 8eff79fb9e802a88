//! The check for leftovers: each kind is caught, with its kind, owner and name, and nobody else's.

use std::cell::RefCell;
use std::time::Duration;

use guildhall_process::testing::{LeftoverKind, Leftovers, Recorder, Runner, run};
use guildhall_process::{
    ExitReason, GroupEvent, Groups, Placement, Pool, Port, Registry, Spawn, exit, spawn, watch,
};

use super::{failure, failure_of, says};
use crate::kit::Probe as Doer;

fn kinds(leftovers: &Leftovers) -> Vec<LeftoverKind> {
    leftovers.found().iter().map(|one| one.kind).collect()
}

#[test]
fn a_process_that_is_left_over_is_caught() {
    let text = failure(async |_kit| {
        let (tx, _events) = crate::kit::events();
        let doer = Doer::new("doer", &tx);
        spawn(Spawn::named("forgotten"), move || doer);
    });
    says(
        &text,
        &[
            "1 things are left over:",
            "process <0.",
            r#"probe "forgotten""#,
            "asked at",
        ],
    );
}

#[test]
fn a_port_that_is_left_over_is_caught() {
    let text = failure(async |_kit| {
        let port = Port::open("socket", Some("127.0.0.1".into()), |_| ());
        std::mem::forget(port);
    });
    says(
        &text,
        &[
            "1 things are left over:",
            "port <0.",
            r#"socket "127.0.0.1""#,
        ],
    );
}

#[test]
fn a_pool_that_is_left_over_is_caught_and_one_that_closes_is_waited_for() {
    run(async |_kit| {
        let pool = Pool::new("pool", 4, 10);
        assert!(pool.run(|| ()).await.is_ok());
    });
    let forgotten = RefCell::new(None);
    let text = failure(async |_kit| {
        forgotten.replace(Some(Pool::new("database", 1, 10)));
    });
    says(
        &text,
        &[
            "1 things are left over:",
            r#"port <0."#,
            r#"pool "database""#,
        ],
    );
}

#[test]
fn names_links_and_monitors_of_who_was_there_before_are_caught() {
    run(async |kit| {
        let (one, two) = (kit.probe::<()>("one"), kit.probe::<()>("two"));
        let names = Registry::new("accounts");
        kit.settle().await;
        let leftovers = Leftovers::watch();
        leftovers.assert_none();

        names.register(7, &one.process()).unwrap();
        says(
            &failure_of(|| leftovers.assert_none()),
            &["name accounts:7 of <0.", r#"probe "one""#],
        );
        names.unregister(&7, one.pid());
        leftovers.assert_none();

        one.link(two.pid());
        assert_eq!(kinds(&leftovers), [LeftoverKind::Link; 2]);
        says(
            &failure_of(|| leftovers.assert_none()),
            &["link of <0.", r#"probe "two""#],
        );
        two.unlink(one.pid());
        leftovers.assert_none();

        let monitors = [one.monitor(two.pid()), one.monitor(two.pid())];
        assert_eq!(kinds(&leftovers), [LeftoverKind::Monitor; 2]);
        says(
            &failure_of(|| leftovers.assert_none()),
            &["monitor by <0.", "2 things"],
        );
        one.demonitor(monitors[0]);
        assert_eq!(kinds(&leftovers), [LeftoverKind::Monitor]);
        one.demonitor(monitors[1]);
        leftovers.assert_none();

        let waiting = watch(two.pid());
        says(
            &failure_of(|| leftovers.assert_none()),
            &["monitor of <0.", "`watch` that waits"],
        );
        drop(waiting);
        leftovers.assert_none();
    });
}

#[test]
fn timers_and_memberships_of_groups_that_are_left_over_are_caught() {
    run(async |kit| {
        let one = kit.probe::<u32>("one");
        let groups = Groups::new("rooms");
        kit.settle().await;
        let leftovers = Leftovers::watch();

        let timer = one
            .ask(|ctx| ctx.send_after(Duration::from_secs(60), 1))
            .await;
        assert_eq!(kinds(&leftovers), [LeftoverKind::Timer]);
        says(
            &failure_of(|| leftovers.assert_none()),
            &["timer of <0.", r#"probe "one""#],
        );
        one.ask(move |ctx| ctx.cancel_timer(timer)).await;
        leftovers.assert_none();

        groups.join("hall", &one.process()).unwrap();
        groups.join("hall", &one.process()).unwrap();
        assert_eq!(kinds(&leftovers), [LeftoverKind::Group; 2]);
        says(
            &failure_of(|| leftovers.assert_none()),
            &[r#"group rooms:"hall" of <0."#],
        );
        groups.leave(&"hall", one.pid());
        groups.leave(&"hall", one.pid());
        leftovers.assert_none();

        let subscriber = kit.opaque_probe::<GroupEvent<&str, Recorder<u32>>>("two");
        let (monitor, _members) = groups.monitor("hall", &subscriber.process());
        let found = leftovers.found();
        assert_eq!(
            found.iter().map(|one| one.kind).collect::<Vec<_>>(),
            [LeftoverKind::Process, LeftoverKind::GroupMonitor]
        );
        says(&found[1].text, &["group monitor rooms:", r#"probe "two""#]);
        groups.demonitor(monitor, &subscriber.process());
        assert_eq!(kinds(&leftovers), [LeftoverKind::Process]);
    });
}

#[test]
fn what_processes_make_on_other_arbiters_is_their_tests() {
    let other = RefCell::new(None);
    let text = failure_of(|| {
        Runner::new().real_time().run(async |kit| {
            let arbiter = actix_rt::Arbiter::new();
            let (tx, mut events) = crate::kit::events();
            let outer = Doer::new("outer", &tx);
            let place = Placement::On(arbiter.handle());
            let outer = spawn(Spawn::named("outer").on(place), move || outer);
            let inner = Doer::new("inner", &tx);
            let born = crate::kit::act(move |_, _| drop(spawn(Spawn::named("inner"), || inner)));
            kit.tell(&outer, born);
            events.started().await;
            events.started().await;
            exit(outer.pid(), ExitReason::Kill);
            kit.assert_exit(outer.pid(), "killed").await;
            other.replace(Some(arbiter));
        });
    });
    says(&text, &["1 things are left over:", r#"probe "inner""#]);
    other.take().unwrap().stop();
}

#[test]
fn tests_beside_each_other_do_not_see_each_others() {
    run(async |_kit| {
        let other = std::thread::spawn(|| {
            Runner::new().allow_leftovers().run(async |kit| {
                let (tx, _events) = crate::kit::events();
                let doer = Doer::new("doer", &tx);
                spawn(Spawn::named("theirs"), move || doer);
                kit.settle().await;
                std::mem::forget(Port::open("theirs", None, |_| ()));
            });
        });
        other.join().unwrap();
    });
}

#[test]
fn the_check_serves_alone_in_a_system_of_the_tests_own() {
    let leftovers = Leftovers::watch();
    actix_rt::System::new().block_on(async {
        let (process, _events) = crate::kit::probe(false).await;
        assert_eq!(kinds(&leftovers), [LeftoverKind::Process]);
        exit(process.pid(), ExitReason::Kill);
        crate::kit::death(process.pid()).await;
    });
    leftovers.assert_none();
}

#[test]
fn a_test_that_fails_does_not_fail_for_its_leftovers() {
    let text = failure(async |_kit| {
        std::mem::forget(Port::open("socket", None, |_| ()));
        assert_eq!(Duration::ZERO, Duration::MAX, "its own failure");
    });
    says(&text, &["its own failure"]);
}
