//! What another thread tells at a bad moment: only from in here can it be held up.

use super::*;
use crate::signals::{exit, watch};
use crate::spawn::{Spawn, spawn};

struct Suspect;

impl Process for Suspect {
    const KIND: &'static str = "suspect";
}

#[test]
fn the_death_is_the_last_event_also_when_a_thread_tells_of_an_earlier_one_after_it() {
    actix_rt::System::new().block_on(async {
        let suspect = spawn(Spawn::new(), || Suspect).pid();
        let traces = [(); 2].map(|()| trace(suspect, 10).unwrap());
        let late = lock(&TRACES).get(&suspect).cloned().unwrap();
        exit(suspect, ExitReason::Kill);
        watch(suspect).await;
        for sink in late {
            sink.tell(TraceEvent::Linked(suspect));
        }
        let [mut waiting, mut asking] = traces;
        let mut last = [None, None];
        while let Some(traced) = waiting.next().await {
            last[0] = Some(traced.event);
        }
        while let Some(traced) = asking.try_next() {
            last[1] = Some(traced.event);
        }
        let died = Some(TraceEvent::Died(ExitReason::Killed));
        assert_eq!(last, [died.clone(), died]);
    });
}
