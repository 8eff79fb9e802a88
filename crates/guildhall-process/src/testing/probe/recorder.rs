//! The process behind a probe.

use tokio::sync::mpsc::UnboundedSender;

use super::ProbeEvent;
use crate::ctx::Ctx;
use crate::process::{Down, Exit, Handle, Process};

type Answer<M> = Box<dyn FnMut(M) -> Option<M> + Send>;

/// The process of a [`super::Probe`]; it handles `M` and records it.
///
/// ```
/// use guildhall_process::{ProcRef, testing::{self, Recorder}};
/// testing::run(async |kit| {
///     let probe = kit.probe::<u32>("probe");
///     let process: ProcRef<Recorder<u32>> = probe.process();
/// });
/// ```
pub struct Recorder<M> {
    events: UnboundedSender<ProbeEvent<M>>,
    pub(super) answer: Option<Answer<M>>,
}

/// What the probe's handle has it do.
pub(super) struct Order<M: Send + 'static>(pub Box<Deed<M>>);

type Deed<M> = dyn FnOnce(&mut Recorder<M>, &mut Ctx<Recorder<M>>) + Send;

impl<M> Recorder<M> {
    pub(super) fn new(events: UnboundedSender<ProbeEvent<M>>) -> Self {
        Self {
            events,
            answer: None,
        }
    }

    fn record(&self, event: ProbeEvent<M>) {
        // A test that has dropped its probe does not listen any more.
        let _ = self.events.send(event);
    }
}

impl<M: Send + 'static> Process for Recorder<M> {
    const KIND: &'static str = "probe";
    const MAILBOX_MAX: usize = usize::MAX;

    fn handle_exit(&mut self, exit: Exit, _ctx: &mut Ctx<Self>) {
        self.record(ProbeEvent::Exit(exit));
    }

    fn handle_down(&mut self, down: Down, _ctx: &mut Ctx<Self>) {
        self.record(ProbeEvent::Down(down));
    }
}

impl<M: Send + 'static> Handle<M> for Recorder<M> {
    fn handle(&mut self, msg: M, _ctx: &mut Ctx<Self>) {
        let left = match &mut self.answer {
            Some(answer) => answer(msg),
            None => Some(msg),
        };
        if let Some(msg) = left {
            self.record(ProbeEvent::Message(msg));
        }
    }
}

impl<M: Send + 'static> Handle<Order<M>> for Recorder<M> {
    fn handle(&mut self, order: Order<M>, ctx: &mut Ctx<Self>) {
        (order.0)(self, ctx);
    }
}
