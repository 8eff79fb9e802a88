//! Probes: processes that record what comes to them and stand for any collaborator of the process
//! that is tested.

use std::any::type_name;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::unbounded_channel;

use super::scope::{self, Scope};
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::{Down, Exit};
use crate::process_ref::{ProcRef, Recipient};
use crate::spawn::{Spawn, spawn};

mod deeds;
mod expect;
mod recorder;

pub use recorder::Recorder;

/// What came to a probe.
///
/// ```
/// use guildhall_process::testing::{self, ProbeEvent};
/// testing::run(async |kit| {
///     let mut probe = kit.probe::<u32>("probe");
///     kit.tell(&probe.process(), 7);
///     kit.settle().await;
///     assert_eq!(probe.drain(), [ProbeEvent::Message(7)]);
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeEvent<M> {
    /// A message, in the mailbox's order with the rest.
    Message(M),
    /// An exit signal that was trapped.
    Exit(Exit),
    /// What a monitor told.
    Down(Down),
}

/// A handle of a probe: its process runs until this is dropped, and ends `Normal` then.
///
/// ```
/// use guildhall_process::testing;
/// testing::run(async |kit| {
///     let mut probe = kit.probe::<u32>("probe");
///     let target = kit.probe::<u32>("target");
///     probe.monitor(target.pid());
///     target.exit("boom");
///     probe.expect_down_of(target.pid(), "boom").await;
/// });
/// ```
pub struct Probe<M: Send + 'static> {
    process: ProcRef<Recorder<M>>,
    name: String,
    events: UnboundedReceiver<ProbeEvent<M>>,
    show: fn(&M) -> String,
    patience: Duration,
    scope: Option<Arc<Scope>>,
}

/// How long an expectation waits where no runner says so.
const PATIENCE: Duration = Duration::from_secs(5);

impl<M: Debug + Send + 'static> Probe<M> {
    /// A probe on the actix system of this thread; where there is a kit, [`super::Kit::probe`].
    ///
    /// ```
    /// use guildhall_process::testing::Probe;
    /// actix_rt::System::new().block_on(async {
    ///     let mut probe = Probe::<u32>::new("probe");
    ///     probe.process().tell(7).unwrap();
    ///     assert_eq!(probe.expect_message().await, 7);
    /// });
    /// ```
    pub fn new(name: &str) -> Self {
        Self::with(name, |msg| format!("{msg:?}"))
    }
}

impl<M: Send + 'static> Probe<M> {
    /// A probe for messages without `Debug`.
    ///
    /// ```
    /// use guildhall_process::testing::Probe;
    /// struct Secret;
    /// actix_rt::System::new().block_on(async {
    ///     let probe = Probe::<Secret>::opaque("probe");
    ///     probe.process().tell(Secret).unwrap();
    /// });
    /// ```
    pub fn opaque(name: &str) -> Self {
        Self::with(name, |_| type_name::<M>().to_owned())
    }

    fn with(name: &str, show: fn(&M) -> String) -> Self {
        let (tx, events) = unbounded_channel();
        Self {
            process: spawn(Spawn::named(name), move || Recorder::new(tx)),
            name: name.to_owned(),
            events,
            show,
            patience: PATIENCE,
            scope: scope::current(),
        }
    }

    /// Sets how long expectations wait for their event.
    ///
    /// ```
    /// # use std::time::Duration;
    /// guildhall_process::testing::run(async |kit| {
    ///     let probe = kit.probe::<u32>("probe").patience(Duration::from_secs(3600));
    /// });
    /// ```
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The probe's pid.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     assert_eq!(kit.probe::<u32>("probe").pid().to_string().get(..3), Some("<0."));
    /// });
    /// ```
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// The probe as a process.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     assert!(kit.probe::<u32>("probe").process().is_alive());
    /// });
    /// ```
    pub fn process(&self) -> ProcRef<Recorder<M>> {
        self.process.clone()
    }

    /// The probe as a collaborator of which only the message is known.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<u32>("probe");
    ///     let collaborator = probe.recipient();
    ///     assert!(collaborator.tell(7).is_ok());
    ///     probe.expect_message_eq(7).await;
    /// });
    /// ```
    pub fn recipient(&self) -> Recipient<M> {
        self.process.recipient()
    }

    /// All that has come and was not expected yet, without waiting. [`super::Kit::settle`] first.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     assert!(kit.probe::<u32>("probe").drain().is_empty());
    /// });
    /// ```
    pub fn drain(&mut self) -> Vec<ProbeEvent<M>> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

impl<M: Send + 'static> Drop for Probe<M> {
    fn drop(&mut self) {
        self.exit_with(ExitReason::Normal);
    }
}

impl<M: Send + 'static> Debug for Probe<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Probe({} {:?})", self.pid(), self.name)
    }
}
