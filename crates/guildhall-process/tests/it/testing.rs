//! Fault injection.

use guildhall_process::ExitReason;
use guildhall_process::testing::{crash_next, crash_nth};

use crate::kit::{act, ask, death, probe, run};

#[test]
fn an_injected_crash_hits_the_chosen_message() {
    run(async {
        let (process, _events) = probe(false).await;
        assert!(crash_nth(process.pid(), 3));
        ask(&process, |_, _| ()).await;
        ask(&process, |_, _| ()).await;
        process.tell(act(|_, _| ())).unwrap();
        match death(process.pid()).await {
            ExitReason::Panic(info) => assert_eq!(info.message, "injected crash"),
            other => panic!("{other}"),
        }
        assert!(!crash_next(process.pid()));
    });
}
