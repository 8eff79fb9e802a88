//! The pool and its lanes: panicking jobs, bounds, order.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use guildhall_process::{
    ExitReason, JobError, Lane, Pool, exit, is_alive, process_info, tree, watch,
};

use crate::kit::{boom, death, probe, run, soon};

/// Occupies a thread of the pool; dropping the sender frees it.
fn occupy(pool: &Pool) -> std::sync::mpsc::Sender<()> {
    let (tx, rx): (_, Receiver<()>) = channel();
    let (began, has_begun) = channel();
    drop(pool.run(move || {
        began.send(()).unwrap();
        rx.recv().unwrap_err();
    }));
    has_begun.recv().unwrap();
    tx
}

#[test]
fn a_panicking_job_costs_no_thread() {
    run(async {
        let pool = Pool::new("pool", 1, 100);
        for _ in 0..10 {
            let job = soon(pool.run(|| panic!("bang"))).await;
            assert_eq!(job, Err::<(), _>(JobError::Panicked("bang".into())));
        }
        assert_eq!(soon(pool.run(|| 42)).await, Ok(42));
        assert_eq!(process_info(pool.pid()).unwrap().handled, 11);
        let stats = soon(pool.run({
            let pool = pool.clone();
            move || pool.stats()
        }))
        .await
        .unwrap();
        assert_eq!((stats.queued, stats.running, stats.panicked), (0, 1, 10));
    });
}

#[test]
fn a_full_pool_and_a_full_lane_refuse_at_once() {
    run(async {
        let pool = Pool::new("pool", 1, 2);
        let free = occupy(&pool);
        let lane = Lane::new(&pool, 1);
        let waiting = [1, 2].map(|n| (n, pool.run(move || n)));
        let in_lane = lane.run(|| 3);
        assert_eq!(pool.run(|| 4).await, Err(JobError::Full));
        assert_eq!(lane.run(|| 5).await, Err(JobError::Full));
        drop(free);
        for (n, job) in waiting {
            assert_eq!(soon(job).await, Ok(n));
        }
        assert_eq!(soon(in_lane).await, Ok(3));
    });
}

#[test]
fn a_lane_runs_its_jobs_in_order_and_one_at_a_time() {
    const JOBS: u32 = 500;
    run(async {
        let pool = Pool::new("pool", 4, 10);
        let lane = Lane::new(&pool, 1_000);
        let (order, inside) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicU32::new(0)),
        );
        let mut last = None;
        for n in 0..JOBS {
            let (order, inside) = (Arc::clone(&order), Arc::clone(&inside));
            last = Some(lane.run(move || {
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                order.lock().unwrap().push(n);
                inside.fetch_sub(1, Ordering::SeqCst);
                assert_ne!(n % 10, 3, "every tenth job panics");
            }));
        }
        assert_eq!(soon(last.unwrap()).await, Ok(()));
        assert_eq!(*order.lock().unwrap(), (0..JOBS).collect::<Vec<_>>());
        assert_eq!(pool.stats().panicked, u64::from(JOBS / 10));
    });
}

#[test]
fn lanes_take_turns() {
    run(async {
        let pool = Pool::new("pool", 1, 10);
        let free = occupy(&pool);
        let (long, short) = (Lane::new(&pool, 100), Lane::new(&pool, 100));
        let done = Arc::new(AtomicU32::new(0));
        for _ in 0..50 {
            let done = Arc::clone(&done);
            drop(long.run(move || done.fetch_add(1, Ordering::SeqCst)));
        }
        let before = short.run({
            let done = Arc::clone(&done);
            move || done.load(Ordering::SeqCst)
        });
        drop(free);
        assert_eq!(soon(before).await, Ok(1));
    });
}

#[test]
fn accepted_jobs_are_done_also_when_the_last_handle_is_gone() {
    run(async {
        let pool = Pool::new("pool", 2, 10);
        let lane = Lane::new(&pool, 10);
        let free = [occupy(&pool), occupy(&pool)];
        let in_lane = [1, 2].map(|n| (n, lane.run(move || n)));
        let in_pool = pool.run(|| 3);
        drop((lane, pool));
        drop(free);
        for (n, job) in in_lane {
            assert_eq!(soon(job).await, Ok(n));
        }
        assert_eq!(soon(in_pool).await, Ok(3));
    });
}

/// Panics when it is dropped, and so does what it panics with.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        std::panic::panic_any(Pin);
    }
}

struct Pin;

impl Drop for Pin {
    fn drop(&mut self) {
        panic!("bang");
    }
}

#[test]
fn jobs_whose_results_and_payloads_panic_when_they_are_dropped_cost_no_thread() {
    run(async {
        let pool = Pool::new("pool", 1, 100);
        for _ in 0..5 {
            drop(pool.run(|| Grenade));
            let unread = pool.run(|| Grenade);
            soon(pool.run(|| ())).await.unwrap();
            drop(unread);
            drop(pool.run(|| std::panic::panic_any(Grenade)));
            let job = soon(pool.run(|| std::panic::panic_any(Pin))).await;
            let message = "a panic without a text".to_owned();
            assert_eq!(job, Err::<(), _>(JobError::Panicked(message)));
        }
        assert_eq!(soon(pool.run(|| 42)).await, Ok(42));
        let stats = pool.stats();
        assert_eq!((stats.threads, stats.replaced), (1, 0));
        assert_eq!((stats.done, stats.panicked), (26, 10));
    });
}

#[test]
fn a_refused_job_that_panics_when_it_is_dropped_harms_nobody() {
    run(async {
        let pool = Pool::new("pool", 1, 1);
        let lane = Lane::new(&pool, 0);
        let free = occupy(&pool);
        let waiting = pool.run(|| 1);
        let grenade = Grenade;
        let refused = pool.run(move || std::mem::forget(grenade));
        assert_eq!(refused.await, Err(JobError::Full));
        let grenade = Grenade;
        let refused = lane.run(move || std::mem::forget(grenade));
        assert_eq!(refused.await, Err(JobError::Full));
        drop(free);
        assert_eq!(soon(waiting).await, Ok(1));
    });
}

#[test]
fn a_pool_shows_with_its_figures_and_below_its_parent() {
    run(async {
        let (parent, _events) = probe(false).await;
        let pool = Pool::child_of(parent.pid(), "queries", 2, 7);
        let free = occupy(&pool);
        let info = process_info(pool.pid()).unwrap();
        assert_eq!((info.kind, info.class), ("pool", "port"));
        assert_eq!(info.name.as_deref(), Some("queries"));
        assert_eq!(info.links, [parent.pid()]);
        assert_eq!((info.mailbox_len, info.mailbox_max), (0, 7));
        let details = info.details.unwrap();
        assert!(details.starts_with("1 of 2 threads busy"), "{details}");
        let second = occupy(&pool);
        let waiting = pool.run(|| 1);
        assert_eq!(process_info(pool.pid()).unwrap().mailbox_len, 1);
        drop((free, second));
        assert_eq!(soon(waiting).await, Ok(1));
        let children = tree(parent.pid()).unwrap().children;
        assert_eq!(children[0].info.pid, pool.pid());
        soon(pool.close()).await;
        assert!(process_info(pool.pid()).is_none());
        assert_eq!(pool.stats().done, 3);
    });
}

#[test]
fn who_awaits_the_close_waits_for_the_accepted_jobs_and_who_does_not_closes_all_the_same() {
    run(async {
        let pool = Pool::new("pool", 1, 10);
        let lane = Lane::new(&pool, 10);
        let free = occupy(&pool);
        let in_pool = pool.run(|| 1);
        let in_lane = [2, 3].map(|n| (n, lane.run(move || n)));
        drop(pool.close());
        assert_eq!(pool.run(|| 4).await, Err(JobError::Closed));
        assert_eq!(lane.run(|| 5).await, Err(JobError::Closed));
        assert!(is_alive(pool.pid()));
        let closed = pool.close();
        drop(free);
        soon(closed).await;
        assert_eq!((pool.stats().done, pool.stats().threads), (4, 0));
        assert_eq!(soon(in_pool).await, Ok(1));
        for (n, job) in in_lane {
            assert_eq!(soon(job).await, Ok(n));
        }
        soon(pool.close()).await;
    });
}

#[test]
fn an_exit_signal_closes_a_pool_and_its_monitors_hear_the_reason_when_the_jobs_are_done() {
    run(async {
        let (parent, _events) = probe(false).await;
        let pool = Pool::child_of(parent.pid(), "queries", 1, 10);
        let free = occupy(&pool);
        let accepted = pool.run(|| 1);
        let down = watch(pool.pid());
        exit(pool.pid(), ExitReason::Normal);
        let also_accepted = pool.run(|| 2);
        exit(parent.pid(), boom());
        death(parent.pid()).await;
        assert_eq!(pool.run(|| 3).await, Err(JobError::Closed));
        drop(free);
        assert_eq!(soon(down).await, boom());
        assert_eq!(soon(accepted).await, Ok(1));
        assert_eq!(soon(also_accepted).await, Ok(2));
    });
}

#[test]
fn a_pool_may_have_any_name() {
    run(async {
        let pool = Pool::new("a\0b", 1, 1);
        assert_eq!(soon(pool.run(|| 1)).await, Ok(1));
        soon(pool.close()).await;
    });
}
