//! What comes past the bound of a mailbox and what does not, and answers that come too late.

use std::time::Duration;

use guildhall_process::{
    CallError, Ctx, Down, Exit, ExitReason, Handle, Init, Pid, Port, ProcRef, Process, ReplyTo,
    SendError, Spawn, exit, start,
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::kit::{DEADLINE, run_virtual, soon};

/// Has room for one message.
struct Narrow {
    watched: Pid,
    heard: UnboundedSender<&'static str>,
    late: Option<ReplyTo<u32>>,
}

enum Word {
    Said(&'static str),
    /// Keeps the reply until [`Word::AnswerLate`].
    Ask(ReplyTo<u32>),
    /// Answers whoever asked before, and says whether anybody waited for that.
    AnswerLate(ReplyTo<bool>),
}

impl Process for Narrow {
    const KIND: &'static str = "narrow";
    const MAILBOX_MAX: usize = 1;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(true);
        ctx.monitor(self.watched);
        Init::Ready
    }

    fn handle_exit(&mut self, _exit: Exit, _ctx: &mut Ctx<Self>) {
        self.hear("exit");
    }

    fn handle_down(&mut self, _down: Down, _ctx: &mut Ctx<Self>) {
        self.hear("down");
    }
}

impl Narrow {
    fn hear(&self, what: &'static str) {
        // A test that has ended does not listen any more.
        let _ = self.heard.send(what);
    }
}

impl Handle<Word> for Narrow {
    fn handle(&mut self, word: Word, _ctx: &mut Ctx<Self>) {
        match word {
            Word::Said(what) => self.hear(what),
            Word::Ask(reply) => self.late = Some(reply),
            Word::AnswerLate(reply) => {
                let late = self.late.take();
                reply.send(late.as_ref().is_some_and(ReplyTo::is_waiting));
                if let Some(late) = late {
                    late.send(42);
                }
            }
        }
    }
}

async fn narrow(watched: Pid, heard: UnboundedSender<&'static str>) -> ProcRef<Narrow> {
    let make = move || Narrow {
        watched,
        heard,
        late: None,
    };
    soon(start(Spawn::new(), make)).await.unwrap()
}

#[test]
fn exits_downs_and_timers_come_past_a_mailbox_that_is_full() {
    run_virtual(async {
        let (heard, mut all) = unbounded_channel();
        let port = Port::open("socket", None, |_| ());
        let process = narrow(port.pid(), heard).await;
        // Nothing is handled before this test yields.
        process.tell(Word::Said("message")).unwrap();
        let refused = process.tell(Word::Said("one too many"));
        assert!(matches!(refused, Err(SendError::Full(Word::Said(_)))));
        exit(process.pid(), ExitReason::Shutdown);
        port.close(ExitReason::Normal);
        process.send_after(Duration::ZERO, Word::Said("timer"));
        for expected in ["message", "exit", "down", "timer"] {
            assert_eq!(soon(all.recv()).await, Some(expected));
        }
    });
}

#[test]
fn an_answer_that_comes_too_late_is_dropped_and_harms_nobody() {
    run_virtual(async {
        let (heard, _all) = unbounded_channel();
        let process = narrow(Pid::OUTSIDE, heard).await;
        let timed_out = process.call(Duration::from_secs(5), Word::Ask).await;
        assert_eq!(timed_out, Err(CallError::Timeout));
        let waited_for = process.call(DEADLINE, Word::AnswerLate).await;
        assert_eq!(
            waited_for,
            Ok(false),
            "the request was kept, and nobody waits"
        );
        let answered = async {
            let asked = process.call(DEADLINE, Word::Ask);
            // The mailbox has room for one.
            tokio::task::yield_now().await;
            let waited_for = process.call(DEADLINE, Word::AnswerLate).await;
            (waited_for, asked.await)
        };
        assert_eq!(
            soon(answered).await,
            (Ok(true), Ok(42)),
            "the next one is answered"
        );
    });
}
