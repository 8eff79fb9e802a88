//! The registry: unique keys, free before anybody hears of the death.

use guildhall_process::{
    ExitReason, ProcRef, Registry, Spawn, Taken, exit, process_info, spawn, watch,
};

use crate::kit::{Probe, ask, boom, death, events, probe, run, soon};

mod keys;
mod model;
mod via;

type Names = Registry<String, Probe>;

fn key() -> String {
    "ada".to_owned()
}

async fn register(names: &Names, process: &ProcRef<Probe>) -> Result<(), Taken> {
    let names = names.clone();
    ask(process, move |_, ctx| names.register(key(), &ctx.me())).await
}

#[test]
fn a_key_has_one_owner() {
    run(async {
        let names = Names::new("names");
        let (first, _events) = probe(false).await;
        let (second, _events) = probe(false).await;
        assert_eq!(register(&names, &first).await, Ok(()));
        assert_eq!(register(&names, &first).await, Ok(()));
        assert_eq!(
            register(&names, &second).await,
            Err(Taken { by: first.pid() })
        );
        assert_eq!(names.whereis(&key()).unwrap().pid(), first.pid());
        assert_eq!(
            process_info(first.pid()).unwrap().registered,
            ["names:\"ada\""]
        );
        names.unregister(&key(), second.pid());
        assert_eq!(names.len(), 1);
        names.unregister(&key(), first.pid());
        assert!(names.is_empty() && names.keys().is_empty());
        assert!(process_info(first.pid()).unwrap().registered.is_empty());
        assert_eq!(register(&names, &second).await, Ok(()));
        assert_eq!(names.keys(), [key()]);
    });
}

#[test]
fn the_dead_get_no_key() {
    run(async {
        let names = Names::new("names");
        let (process, _events) = probe(false).await;
        exit(process.pid(), ExitReason::Kill);
        death(process.pid()).await;
        assert_eq!(
            names.register(key(), &process),
            Err(Taken { by: process.pid() })
        );
        assert!(names.is_empty());
    });
}

#[test]
fn a_key_is_free_when_the_down_arrives() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let names = Names::new("names");
        let (tx, _events) = events();
        for round in 0..10_000 {
            let probe = Probe::new("owner", &tx);
            let far = guildhall_process::Placement::On(arbiter.handle());
            let opts = if round % 10 == 0 {
                Spawn::new().on(far)
            } else {
                Spawn::new()
            };
            let process = spawn(opts, move || probe);
            assert_eq!(names.register(key(), &process), Ok(()), "round {round}");
            let down = watch(process.pid());
            exit(process.pid(), boom());
            assert_eq!(soon(down).await, boom());
            assert!(names.whereis(&key()).is_none(), "round {round}");
        }
        arbiter.stop();
    });
}
