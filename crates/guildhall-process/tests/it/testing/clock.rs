//! Virtual time and what it moves.

use std::future::pending;
use std::time::{Duration, Instant};

use guildhall_process::testing::{Runner, run};
use guildhall_process::{Lane, Pool, process_info};
use tokio::time::timeout;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_day_of_timers_takes_a_moment_and_each_strikes_at_its_time() {
    let began = Instant::now();
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe");
        probe.act(|ctx| {
            for hour in 1..=24 {
                ctx.send_after(HOUR * hour, hour);
            }
        });
        for hour in 1..=24 {
            kit.advance(HOUR - Duration::from_millis(1)).await;
            assert!(probe.drain().is_empty(), "early");
            kit.advance(Duration::from_millis(1)).await;
            probe.expect_message_eq(hour).await;
            assert_eq!(kit.now(), HOUR * hour);
        }
    });
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn timers_that_are_set_on_the_way_strike_on_the_way() {
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe");
        probe.act(|ctx| {
            let me = ctx.me();
            ctx.run(timeout(HOUR, pending::<()>()), move |_, _elapsed, ctx| {
                ctx.send_after(HOUR, 2);
                let _ = me.tell(1);
            });
        });
        kit.advance(HOUR * 2).await;
        probe.expect_message_eq(1).await;
        probe.expect_message_eq(2).await;
    });
}

#[test]
fn waiting_for_an_event_moves_time_to_it_and_no_further() {
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe").patience(HOUR);
        probe.act(|ctx| {
            let _ = ctx.send_after(Duration::from_secs(90), 1);
        });
        probe.expect_message_eq(1).await;
        assert_eq!(kit.now(), Duration::from_secs(90));
    });
}

#[test]
fn settling_takes_no_time_and_leaves_timers_alone() {
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe");
        let next = kit.probe::<u32>("next");
        let to = probe.recipient();
        next.answer(move |n| to.tell(n).err().map(|_| n));
        let to = next.process();
        probe.act(|ctx| {
            let _ = ctx.send_after(Duration::from_millis(1), 99);
        });
        for n in 1..=500 {
            kit.tell(&to, n);
        }
        kit.settle().await;
        assert_eq!(probe.drain().len(), 500);
        assert_eq!(kit.now(), Duration::ZERO);
    });
}

#[test]
fn the_figures_of_a_process_follow_virtual_time() {
    run(async |kit| {
        let probe = kit.probe::<u32>("probe");
        kit.advance(HOUR).await;
        let info = process_info(probe.pid()).unwrap();
        assert_eq!(info.uptime, HOUR);
        assert_eq!(info.run_time, Duration::ZERO);
    });
}

#[test]
fn real_time_passes_as_on_the_wall() {
    let began = Instant::now();
    let wait = Duration::from_millis(30);
    Runner::new()
        .real_time()
        .run(async |kit| kit.advance(wait).await);
    assert!(began.elapsed() >= wait);
}

#[test]
fn virtual_time_stands_while_a_pool_works_for_the_test() {
    run(async |kit| {
        let pool = Pool::new("pool", 2, 100);
        let lane = Lane::new(&pool, 100);
        let mut probe = kit.probe::<u32>("probe");
        let (jobs, at) = (pool.clone(), kit.clone());
        let slow = || std::thread::park_timeout(Duration::from_millis(20));
        // A deadline of a second of virtual time: it would strike at once if time could jump.
        for n in 0..3 {
            let job = timeout(Duration::from_secs(1), jobs.run(slow));
            assert_eq!(job.await, Ok(Ok(())), "job {n}");
        }
        assert_eq!(at.now(), Duration::ZERO);
        let me = probe.process();
        let jobs = (0..5).map(move |n| (n, me.clone()));
        for (n, me) in jobs {
            drop(lane.run(move || {
                slow();
                me.tell(n).is_ok()
            }));
        }
        kit.settle().await;
        assert_eq!(probe.drain().len(), 5);
        assert_eq!(kit.now(), Duration::ZERO);
    });
}
