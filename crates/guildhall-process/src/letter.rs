//! What lies in a mailbox. Envelopes go through proxies of our own, so that every message is
//! counted, named and charged to the turn's budget before its handler runs.

use std::any::type_name;

use actix::dev::{Envelope, EnvelopeProxy, OneshotSender, ToEnvelope};
use actix::{Handler, Message};

use crate::ctx::Ctx;
use crate::panics::drop_quietly;
use crate::pid::Pid;
use crate::process::{Down, Exit, Handle, Process};
use crate::shell::Shell;
use crate::sync::lock;
use crate::trace::TraceEvent;

/// A user's message.
pub(crate) struct Letter<M> {
    msg: Option<M>,
    /// Whether it counts against the mailbox bound.
    counted: bool,
}

impl<M> Letter<M> {
    pub fn counted(msg: M) -> Self {
        Self {
            msg: Some(msg),
            counted: true,
        }
    }

    pub fn exempt(msg: M) -> Self {
        Self {
            msg: Some(msg),
            counted: false,
        }
    }

    pub fn take(mut self) -> Option<M> {
        self.msg.take()
    }
}

impl<M> Drop for Letter<M> {
    // A whole mailbox is dropped at once when its process ends: two panics there would abort.
    fn drop(&mut self) {
        if let Some(msg) = self.msg.take() {
            drop_quietly(msg);
        }
    }
}

impl<M> Message for Letter<M> {
    type Result = ();
}

impl<P: Handle<M>, M: Send + 'static> EnvelopeProxy<Shell<P>> for Letter<M> {
    fn handle(&mut self, shell: &mut Shell<P>, ctx: &mut Ctx<P>) {
        if let (Some(msg), Some(process)) = (self.msg.take(), shell.process()) {
            ctx.begin_message(type_name::<M>(), self.counted);
            process.handle(msg, ctx);
        }
    }
}

impl<P: Handle<M>, M: Send + 'static> Handler<Letter<M>> for Shell<P> {
    type Result = ();

    fn handle(&mut self, mut letter: Letter<M>, ctx: &mut Ctx<P>) {
        EnvelopeProxy::handle(&mut letter, self, ctx);
    }
}

impl<P: Handle<M>, M: Send + 'static> ToEnvelope<Shell<P>, Letter<M>> for Ctx<P> {
    fn pack(letter: Letter<M>, _tx: Option<OneshotSender<()>>) -> Envelope<Shell<P>> {
        Envelope::with_proxy(Box::new(letter))
    }
}

/// A trapped exit or the news of a monitor.
#[derive(Clone)]
pub(crate) enum Note {
    Exit(Exit),
    Down(Down),
}

impl Message for Note {
    type Result = ();
}

impl<P: Process> EnvelopeProxy<Shell<P>> for Note {
    fn handle(&mut self, shell: &mut Shell<P>, ctx: &mut Ctx<P>) {
        let Some(process) = shell.process() else {
            return;
        };
        match self.clone() {
            Note::Exit(exit) => {
                ctx.begin_message(type_name::<Exit>(), false);
                ctx.cell.trace(|| TraceEvent::Exit(exit.clone()));
                if is_parent(exit.from, ctx) {
                    process.handle_parent_exit(exit.reason, ctx);
                } else {
                    process.handle_exit(exit, ctx);
                }
            }
            Note::Down(down) => {
                if is_expected(&down, ctx) {
                    ctx.begin_message(type_name::<Down>(), false);
                    ctx.cell.trace(|| TraceEvent::Down(down.clone()));
                    process.handle_down(down, ctx);
                } else {
                    ctx.turn.charge_message();
                }
            }
        }
    }
}

fn is_parent<P: Process>(from: Pid, ctx: &Ctx<P>) -> bool {
    ctx.parent() == Some(from)
}

/// Uses up the monitor; false if it was removed while the DOWN lay in the mailbox.
fn is_expected<P: Process>(down: &Down, ctx: &Ctx<P>) -> bool {
    lock(&ctx.cell.state)
        .known_relations()
        .is_some_and(|relations| relations.monitors.remove(&down.monitor).is_some())
}

impl<P: Process> Handler<Note> for Shell<P> {
    type Result = ();

    fn handle(&mut self, mut note: Note, ctx: &mut Ctx<P>) {
        EnvelopeProxy::handle(&mut note, self, ctx);
    }
}

impl<P: Process> ToEnvelope<Shell<P>, Note> for Ctx<P> {
    fn pack(note: Note, _tx: Option<OneshotSender<()>>) -> Envelope<Shell<P>> {
        Envelope::with_proxy(Box::new(note))
    }
}

type Work<P> = Box<dyn FnOnce(&mut Ctx<P>) + Send>;

/// Work of the machinery in a turn of the process; no message of its user.
pub(crate) struct Errand<P: Process>(Option<Work<P>>);

impl<P: Process> Errand<P> {
    pub fn new(work: impl FnOnce(&mut Ctx<P>) + Send + 'static) -> Self {
        Self(Some(Box::new(work)))
    }
}

impl<P: Process> Drop for Errand<P> {
    // It may carry a user's value, and a whole mailbox is dropped at once when its process ends.
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            drop_quietly(work);
        }
    }
}

impl<P: Process> Message for Errand<P> {
    type Result = ();
}

impl<P: Process> EnvelopeProxy<Shell<P>> for Errand<P> {
    fn handle(&mut self, _shell: &mut Shell<P>, ctx: &mut Ctx<P>) {
        ctx.turn.charge_message();
        if let Some(work) = self.0.take() {
            work(ctx);
        }
    }
}

impl<P: Process> Handler<Errand<P>> for Shell<P> {
    type Result = ();

    fn handle(&mut self, mut errand: Errand<P>, ctx: &mut Ctx<P>) {
        EnvelopeProxy::handle(&mut errand, self, ctx);
    }
}

impl<P: Process> ToEnvelope<Shell<P>, Errand<P>> for Ctx<P> {
    fn pack(errand: Errand<P>, _tx: Option<OneshotSender<()>>) -> Envelope<Shell<P>> {
        Envelope::with_proxy(Box::new(errand))
    }
}
