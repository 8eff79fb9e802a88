//! The pool and its lanes: panicking jobs, bounds, order.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use guildhall_process::{JobError, Lane, Pool};

use crate::kit::{run, soon};

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
