//! A thread that dies although every job is caught: only from in here can one be made to.

use super::{JobError, Lane, Pool};
use crate::cell::Body;

fn kill_a_thread(pool: &Pool) {
    pool.cell().push_turn(Box::new(|_| panic!("bang")));
}

#[test]
fn a_thread_that_dies_is_replaced_and_counted_and_no_job_is_lost() {
    actix_rt::System::new().block_on(async {
        let pool = Pool::new("pool", 1, 100);
        for n in 0..10 {
            kill_a_thread(&pool);
            assert_eq!(pool.run(move || n).await, Ok(n));
        }
        let stats = pool.stats();
        assert_eq!((stats.threads, stats.replaced, stats.running), (1, 10, 0));
        assert_eq!((stats.done, stats.panicked), (20, 10));
        let details = pool.cell().body.details().unwrap();
        assert!(details.contains("10 threads replaced"), "{details}");
        pool.close().await;
    });
}

#[test]
fn a_lane_goes_on_after_the_death_of_the_thread_that_served_it() {
    actix_rt::System::new().block_on(async {
        let pool = Pool::new("pool", 1, 100);
        let lane = Lane::new(&pool, 10);
        let (gate, blocked) = std::sync::mpsc::channel::<()>();
        drop(pool.run(move || blocked.recv()));
        lane.accept(Box::new(|_| panic!("bang"))).unwrap();
        let behind = lane.run(|| 1);
        drop(gate);
        assert_eq!(behind.await, Ok(1));
        assert_eq!(pool.stats().replaced, 1);
    });
}

#[test]
fn a_thread_that_dies_in_a_closed_pool_is_replaced_until_the_accepted_jobs_are_done() {
    actix_rt::System::new().block_on(async {
        let pool = Pool::new("pool", 1, 100);
        let (gate, blocked) = std::sync::mpsc::channel::<()>();
        drop(pool.run(move || blocked.recv()));
        kill_a_thread(&pool);
        let accepted = pool.run(|| 1);
        let closed = pool.close();
        assert_eq!(pool.run(|| 2).await, Err(JobError::Closed));
        drop(gate);
        assert_eq!(accepted.await, Ok(1));
        closed.await;
        assert_eq!((pool.stats().threads, pool.stats().replaced), (0, 1));
    });
}
