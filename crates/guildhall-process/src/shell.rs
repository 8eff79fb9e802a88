//! The shell: the actix actor that holds a user's process, its mailbox's sending side, and the
//! wrapper future that polls signals before the mailbox, catches every panic and announces the
//! end. Nothing here can abort: the user's values are dropped one by one, each under `catch`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use actix::dev::channel::AddressReceiver;
use actix::dev::{AsyncContextParts, ContextFut, ContextParts};
use actix::{Actor, Addr};

use crate::cell::{Body, Cell};
use crate::crash;
use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::letter::Note;
use crate::panics::{Fault, catch, catch_turn, drop_quietly, log_error, take_lost};
use crate::process::{Init, Process};
use crate::signals::die;
use crate::spawn::Starter;
use crate::sync::{now_ns, since_ns};

/// The actix actor. The process is taken out of it at the end.
pub(crate) struct Shell<P>(Option<P>);

/// The end of a process, as decided and as it turned out.
#[derive(Clone)]
pub(crate) struct Ending {
    reason: ExitReason,
    terminate: bool,
    summary: Option<String>,
}

impl<P: Process> Shell<P> {
    pub fn process(&mut self) -> Option<&mut P> {
        self.0.as_mut()
    }
}

impl<P: Process> Actor for Shell<P> {
    type Context = Ctx<P>;

    fn started(&mut self, ctx: &mut Ctx<P>) {
        let Some(process) = self.process() else {
            return;
        };
        match process.init(ctx) {
            Init::Ready => ctx.init_done(Ok(())),
            Init::Fail(reason) => ctx.init_done(Err(reason)),
            Init::Pending => {}
        }
    }

    // The only place where actix lends us the actor at its end, so the process dies here.
    fn stopped(&mut self, ctx: &mut Ctx<P>) {
        let (Some(mut process), Some(mut ending)) = (self.0.take(), ctx.ending.take()) else {
            return;
        };
        let last = ctx.last_message;
        let panicked = |fault: Fault| fault.into_reason(last);
        if ending.terminate
            && let Err(fault) = catch(|| process.terminate(&ending.reason, ctx))
        {
            ending.reason = panicked(fault);
        }
        if ending.reason.is_crash() {
            ending.summary = catch(|| process.state_summary()).ok().flatten();
        }
        if let Err(fault) = catch(|| drop(process)) {
            ending.reason = panicked(fault);
        }
        ctx.ending = Some(ending);
    }
}

/// The body of a process's cell. It keeps the mailbox open until the process ends.
pub(crate) struct Mailbox<P: Process>(pub Addr<Shell<P>>);

impl<P: Process> Body for Mailbox<P> {
    fn kind(&self) -> &'static str {
        P::KIND
    }

    fn class(&self) -> &'static str {
        P::CLASS
    }

    fn mailbox_max(&self) -> usize {
        P::MAILBOX_MAX
    }

    fn push(&self, note: Note) {
        self.0.do_send(note);
    }

    fn interrupt(&self, cell: &Cell) {
        cell.waker.wake();
    }
}

/// A process that does not run yet; it may travel to another arbiter's thread. Dropped on the way (the arbiter is
/// gone), it is a dead process: `NoProc`.
pub(crate) struct Seed<P: Process, F>(Option<Cutting<P, F>>);

type Cutting<P, F> = (Arc<Cell<Mailbox<P>>>, Parts<P, F>);

/// What a process is made of.
struct Parts<P: Process, F> {
    receiver: AddressReceiver<Shell<P>>,
    make: F,
    starter: Option<Starter>,
}

impl<P: Process, F: FnOnce() -> P> Seed<P, F> {
    pub fn new(
        cell: Arc<Cell<Mailbox<P>>>,
        receiver: AddressReceiver<Shell<P>>,
        make: F,
        starter: Option<Starter>,
    ) -> Self {
        let parts = Parts {
            receiver,
            make,
            starter,
        };
        Self(Some((cell, parts)))
    }

    /// The process, where it is going to run.
    pub fn plant(mut self) -> Option<Running<P, F>> {
        let (cell, parts) = self.0.take()?;
        let stage = Stage::Seed(Some(parts));
        Some(Running { cell, stage })
    }
}

impl<P: Process, F> Drop for Seed<P, F> {
    fn drop(&mut self) {
        if let Some((cell, parts)) = self.0.take() {
            parts.wither(&*cell, ExitReason::NoProc);
        }
    }
}

impl<P: Process, F: FnOnce() -> P> Parts<P, F> {
    /// Makes the process; without one the maker has panicked, and the end is announced.
    fn grow(self, cell: &Arc<Cell<Mailbox<P>>>) -> Option<ContextFut<Shell<P>, Ctx<P>>> {
        match catch(self.make) {
            Ok(process) => {
                let mailbox = actix::dev::Mailbox::new(self.receiver);
                let parts = ContextParts::new(mailbox.sender_producer());
                let ctx = Ctx::new(parts, Arc::clone(cell), self.starter);
                let shell = Shell(Some(process));
                Some(ContextFut::new(ctx, shell, mailbox))
            }
            Err(fault) => {
                let reason = fault.into_reason(None);
                cell.closing.store(true, Ordering::Release);
                drop_quietly(self.receiver);
                crash::report(&**cell, &reason, None, None);
                announce(&**cell, reason, self.starter);
                None
            }
        }
    }
}

impl<P: Process, F> Parts<P, F> {
    fn wither(self, cell: &Cell, reason: ExitReason) {
        cell.closing.store(true, Ordering::Release);
        drop_quietly(self.make);
        drop_quietly(self.receiver);
        announce(cell, reason, self.starter);
    }
}

/// The future that is a process.
pub(crate) struct Running<P: Process, F> {
    cell: Arc<Cell<Mailbox<P>>>,
    stage: Stage<P, F>,
}

// The large variant is the living process. It is made and dropped in place: moving it would cost as much as a turn.
#[expect(clippy::large_enum_variant, reason = "see above")]
enum Stage<P: Process, F> {
    Seed(Option<Parts<P, F>>),
    Live(ContextFut<Shell<P>, Ctx<P>>),
    Done,
}

impl<P: Process, F: FnOnce() -> P> Running<P, F> {
    /// One turn; the answer is how the process ends, if it does.
    fn turn(&mut self, cx: &mut Context<'_>) -> Option<End> {
        if let Some(reason) = self.cell.pending_exit() {
            return Some(End::signalled(reason));
        }
        if let Stage::Seed(parts) = &mut self.stage {
            let grown = parts.take().and_then(|parts| parts.grow(&self.cell));
            self.stage = grown.map_or(Stage::Done, Stage::Live);
        }
        let Stage::Live(inner) = &mut self.stage else {
            return Some(End::own(ExitReason::Normal));
        };
        let ctx = inner.ctx();
        let has_tasks = ctx.has_tasks();
        ctx.turn.begin(has_tasks);
        let began = now_ns();
        self.cell.busy_since_ns.store(began, Ordering::Relaxed);
        let polled = catch_turn(self.cell.pid, || Pin::new(&mut *inner).poll(cx));
        charge(&self.cell, began);
        let lost = take_lost();
        if polled.is_ok() {
            self.cell.answer_lost(lost);
        }
        let ctx = inner.ctx();
        ctx.end_message();
        match polled {
            Err(fault) => return Some(End::crashed(fault.into_reason(ctx.last_message))),
            Ok(Poll::Ready(())) => return Some(End::own(ExitReason::Normal)),
            Ok(Poll::Pending) => {}
        }
        if let Some(reason) = ctx.exit.take() {
            return Some(End::own(reason));
        }
        if ctx.turn.has_held_back() {
            cx.waker().wake_by_ref();
        }
        self.cell.pending_exit().map(End::signalled)
    }
}

impl<P: Process, F> Running<P, F> {
    fn end(&mut self, end: End) {
        self.cell.closing.store(true, Ordering::Release);
        match &mut self.stage {
            Stage::Done => {}
            Stage::Seed(parts) => {
                let parts = parts.take();
                self.stage = Stage::Done;
                if let Some(parts) = parts {
                    parts.wither(&*self.cell, end.reason);
                }
            }
            Stage::Live(inner) => {
                let report = end.report;
                let closed = close(inner, end);
                self.bury(closed, report);
            }
        }
    }

    /// Drops the process and tells its end.
    fn bury(&mut self, closed: Closed, report: bool) {
        let Closed {
            mut ending,
            last,
            starter,
        } = closed;
        // Only the process's own Drop can panic in here, as all else is dropped quietly: never two at once.
        if let Err(fault) = catch(|| self.stage = Stage::Done) {
            ending.reason = fault.into_reason(last);
        }
        let panicked = matches!(ending.reason, ExitReason::Panic(_));
        if ending.reason.is_crash() && (report || panicked) {
            crash::report(&*self.cell, &ending.reason, last, ending.summary.as_deref());
        }
        announce(&*self.cell, ending.reason, starter);
    }
}

impl<P: Process, F> Unpin for Running<P, F> {}

impl<P: Process, F: FnOnce() -> P> Future for Running<P, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.cell.waker.register(cx.waker());
        match this.turn(cx) {
            None => Poll::Pending,
            Some(end) => {
                this.end(end);
                Poll::Ready(())
            }
        }
    }
}

impl<P: Process, F> Drop for Running<P, F> {
    // Still alive: the arbiter stops. Nothing can run any more, so this is a kill.
    fn drop(&mut self) {
        self.end(End::signalled(ExitReason::Killed));
    }
}

/// How a process ends.
struct End {
    reason: ExitReason,
    /// `terminate` is to be called.
    terminate: bool,
    /// A crash is the process's own and wants a report.
    report: bool,
}

impl End {
    fn own(reason: ExitReason) -> Self {
        Self {
            reason,
            terminate: true,
            report: true,
        }
    }

    fn crashed(reason: ExitReason) -> Self {
        Self {
            terminate: false,
            ..Self::own(reason)
        }
    }

    fn signalled(reason: ExitReason) -> Self {
        Self {
            report: false,
            ..Self::crashed(reason)
        }
    }
}

/// Ends the inner actor; what is left of the user's values goes with it when it is dropped.
fn close<P: Process>(inner: &mut ContextFut<Shell<P>, Ctx<P>>, end: End) -> Closed {
    let ctx = inner.ctx();
    let starter = ctx.starter.take();
    let last = ctx.last_message;
    let mut ending = Ending {
        terminate: end.terminate && ctx.ready,
        reason: end.reason,
        summary: None,
    };
    let asked = ending.terminate || ending.reason.is_crash();
    if asked && ctx.parts().started() {
        ending = part(inner, ending);
    }
    // A context that is not terminated would be polled again by its Drop, and a panic there aborts.
    inner.ctx().parts().terminate();
    Closed {
        ending,
        last,
        starter,
    }
}

/// What is left of a process.
struct Closed {
    ending: Ending,
    last: Option<&'static str>,
    starter: Option<Starter>,
}

/// Asks the process for its last words. actix lends us the actor in `stopped`, which it calls of one that stops;
/// there the process is taken apart.
fn part<P: Process>(inner: &mut ContextFut<Shell<P>, Ctx<P>>, ending: Ending) -> Ending {
    let mut outcome = ending.clone();
    let ctx = inner.ctx();
    ctx.ending = Some(Box::new(ending));
    ctx.parts().stop();
    let polled = catch(|| Pin::new(&mut *inner).poll(&mut Context::from_waker(Waker::noop())));
    if let Some(ending) = inner.ctx().ending.take() {
        outcome = *ending;
    }
    if let Err(fault) = polled {
        outcome.reason = fault.into_reason(inner.ctx().last_message);
    }
    outcome
}

fn charge<P: Process>(cell: &Cell<Mailbox<P>>, began: u64) {
    let spent = u64::try_from(since_ns(began).as_nanos()).unwrap_or(u64::MAX);
    let total = cell.run_ns.load(Ordering::Relaxed).saturating_add(spent);
    cell.run_ns.store(total, Ordering::Relaxed);
    cell.busy_since_ns.store(0, Ordering::Relaxed);
}

/// Tells the world, and last the starter: when it hears of a failed start, the process is gone.
fn announce(cell: &Cell, reason: ExitReason, starter: Option<Starter>) {
    die(cell, reason.clone());
    if let Some(starter) = starter
        && let Err(fault) = catch(|| starter(cell.pid, Err(reason)))
    {
        log_error(format_args!("a starter panicked: {}", fault.message));
    }
}
