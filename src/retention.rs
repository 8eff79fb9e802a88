//! The retention process: has records forgotten that are past their time, in small steps through the one
//! writer. Child of `core`, permanent, named. Each step is found by a reader and submitted like any change; the
//! next one waits for its commit, so that there is never more than one between the batches of the players.

use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle, Init, Process, ReplyTo};
use guildhall_protocol::Refusal;
use guildhall_store::clock::newest_record_us;
use guildhall_store::retention::{self, Planned};

use crate::clock;
use crate::hall::HallRef;
use crate::persistence::{Author, Change};

/// See the file's head.
pub struct Retention {
    hall: HallRef,
    /// Where the next step begins.
    after: String,
    /// Refused writes up to here were counted.
    seen: i64,
    figures: Forgotten,
}

/// Figures for the status page.
pub struct Figures {
    /// Who asks.
    pub reply: ReplyTo<Forgotten>,
}

/// What was forgotten since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Lines of history.
    pub history_lines: u64,
    /// Refused writes with their payloads.
    pub refused_writes: u64,
    /// Marks of committed batches.
    pub batches: u64,
    /// Passes over all entities.
    pub passes: u64,
    /// When the last pass ended, microseconds since 1970.
    pub last_pass_at_us: Option<i64>,
    /// Steps that failed and were tried again.
    pub failed: u64,
}

struct StepDue;

impl Retention {
    /// The retention of the hall's database.
    #[must_use]
    pub fn new(hall: HallRef) -> Self {
        Self {
            hall,
            after: String::new(),
            seen: 0,
            figures: Forgotten::default(),
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(self.hall.config.limits.retention_interval_ms)
    }

    /// A step done; true when the next one should follow at once.
    fn done(&mut self, step: Planned) -> bool {
        let busy = !step.prune.is_empty() || step.more_refused;
        let count = |lines: &[i64]| u64::try_from(lines.len()).unwrap_or(u64::MAX);
        let figures = &mut self.figures;
        figures.history_lines += count(&step.prune.history);
        figures.refused_writes += count(&step.prune.refused);
        figures.batches += count(&step.prune.batches);
        if step.after.is_none() {
            figures.passes += 1;
            figures.last_pass_at_us = Some(self.hall.now_us());
        }
        self.after = step.after.unwrap_or_default();
        self.seen = step.seen;
        busy
    }
}

/// Finds what may be forgotten and has it deleted; comes back after the commit. A batch that deletes nothing notes
/// the time.
async fn step(hall: HallRef, after: String, seen: i64) -> Result<Planned, Refusal> {
    let limits = hall.config.limits.retention_limits();
    let now_us = hall.now_us();
    let read = hall.read(move |conn| {
        let planned = retention::next_prune(conn, &after, seen, &limits, now_us)?;
        Ok((planned, newest_record_us(conn)?))
    });
    let (planned, newest_us) = read.await?;
    if !planned.prune.is_empty() || clock::is_note_due(&hall, newest_us) {
        let prune = Change::Prune(planned.prune.clone());
        hall.change(prune, Author::SERVER).await?;
    }
    Ok(planned)
}

impl Process for Retention {
    const KIND: &'static str = "retention";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Err(taken) = self.hall.retention.register(&ctx.me()) {
            return Init::Fail(ExitReason::error(taken.to_string()));
        }
        ctx.send_after(self.interval(), StepDue);
        Init::Ready
    }
}

impl Handle<StepDue> for Retention {
    fn handle(&mut self, _: StepDue, ctx: &mut Ctx<Self>) {
        clock::look(&self.hall);
        let step = step(HallRef::clone(&self.hall), self.after.clone(), self.seen);
        ctx.run(step, |this, step, ctx| {
            let at_once = match step {
                Ok(step) => this.done(step),
                Err(refusal) => {
                    log::warn!("records past their time could not be forgotten: {refusal}");
                    this.figures.failed += 1;
                    false
                }
            };
            let pause = match at_once {
                true => Duration::ZERO,
                false => this.interval(),
            };
            ctx.send_after(pause, StepDue);
        });
    }
}

impl Handle<Figures> for Retention {
    fn handle(&mut self, Figures { reply }: Figures, _: &mut Ctx<Self>) {
        reply.send(self.figures);
    }
}
