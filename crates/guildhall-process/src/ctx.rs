//! The context: what a process can do with itself while one of its methods runs. Inside it is an
//! actix context of our own; users never call actix's traits on it. Links, monitors and children of
//! the process are in `bonds.rs`.

mod actix_side;
mod bonds;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::dev::ContextParts;
use actix::fut::ActorFuture;

use crate::cell::Cell;
use crate::exit::ExitReason;
use crate::hooks;
use crate::pid::Pid;
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::shell::{Ending, Mailbox, Shell};
use crate::spawn::Starter;
use crate::sync::lock;
use crate::task::{Orders, Task};
use crate::timers::Agenda;
use crate::trace;
use crate::turn::Turn;

/// The running process's view of itself.
///
/// ```
/// use guildhall_process::{Ctx, ExitReason, Handle, Process, Spawn, spawn, watch};
///
/// struct Countdown(u32);
/// struct Tick;
///
/// impl Process for Countdown {
///     const KIND: &'static str = "countdown";
/// }
///
/// impl Handle<Tick> for Countdown {
///     fn handle(&mut self, _tick: Tick, ctx: &mut Ctx<Self>) {
///         self.0 -= 1;
///         match self.0 {
///             0 => ctx.exit(ExitReason::Normal),
///             _ => ctx.me().tell(Tick).unwrap(),
///         }
///     }
/// }
///
/// actix_rt::System::new().block_on(async {
///     let countdown = spawn(Spawn::new(), || Countdown(3));
///     let end = watch(countdown.pid());
///     countdown.tell(Tick).unwrap();
///     assert_eq!(end.await, ExitReason::Normal);
/// });
/// ```
pub struct Ctx<P: Process> {
    parts: ContextParts<Shell<P>>,
    pub(crate) cell: Arc<Cell<Mailbox<P>>>,
    pub(crate) turn: Turn,
    /// Boxed, as most processes have none.
    tasks: Option<Box<Orders<P>>>,
    /// `init` has succeeded.
    pub(crate) ready: bool,
    /// The process wants to end.
    pub(crate) exit: Option<ExitReason>,
    /// The process ends now; see [`Shell`].
    pub(crate) ending: Option<Box<Ending>>,
    /// Who waits for `init`.
    pub(crate) starter: Option<Starter>,
    pub(crate) last_message: Option<&'static str>,
    pub(crate) agenda: Option<Box<Agenda<P>>>,
    pub(crate) traced: Option<Box<trace::Running>>,
}

impl<P: Process> Ctx<P> {
    pub(crate) fn new(
        parts: ContextParts<Shell<P>>,
        cell: Arc<Cell<Mailbox<P>>>,
        starter: Option<Starter>,
    ) -> Self {
        Self {
            parts,
            cell,
            turn: Turn::default(),
            tasks: None,
            ready: false,
            exit: None,
            ending: None,
            starter,
            last_message: None,
            agenda: None,
            traced: None,
        }
    }

    /// Charges a message to the turn. `counted` says whether it counted against the mailbox bound.
    pub(crate) fn begin_message(&mut self, name: &'static str, counted: bool) {
        self.turn.charge_message();
        if counted {
            self.cell.mailbox_len.fetch_sub(1, Ordering::Relaxed);
        }
        self.begin(name);
    }

    /// Charges the result of a task to the turn.
    pub(crate) fn begin_result(&mut self, name: &'static str) {
        self.turn.charge_result();
        self.begin(name);
    }

    /// Makes what is handled now visible to the status page.
    fn begin(&mut self, name: &'static str) {
        // Only the owner writes, so load and store need not be one step.
        let handled = self.cell.handled.load(Ordering::Relaxed);
        self.cell.handled.store(handled + 1, Ordering::Relaxed);
        if self.last_message.map(str::as_ptr) != Some(name.as_ptr()) {
            let last = self.last_message.replace(name);
            lock(&self.cell.recent).push(name, last.is_none());
        }
        if self.cell.attention.is_paid() {
            self.attend(name);
        }
        hooks::message(self.cell.pid, name);
    }

    /// Whether the process is about to end, by its own decision or by a signal.
    fn is_ending(&self) -> bool {
        self.exit.is_some() || self.cell.urgent.load(Ordering::Relaxed)
    }

    /// Whether a task that the mailbox waits for may be polled.
    pub(crate) fn allows_waited(&self) -> bool {
        !self.is_ending() && self.turn.allows_result()
    }

    /// Whether a task beside the mailbox may be polled: it waits while the mailbox waits.
    pub(crate) fn allows_task(&self) -> bool {
        !self.parts.waiting() && self.allows_waited()
    }

    pub(crate) fn tasks(&mut self) -> &mut Orders<P> {
        self.tasks.get_or_insert_default()
    }

    /// Whether there may be tasks.
    pub(crate) fn has_tasks(&self) -> bool {
        self.tasks.as_ref().is_some_and(|tasks| tasks.any())
    }

    pub(crate) fn start_task(&mut self, task: impl ActorFuture<Shell<P>, Output = ()> + 'static) {
        if let Some(list) = self.tasks().start(Box::pin(task)) {
            self.parts.spawn(list);
        }
    }

    /// The process's own pid.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// assert!(is_alive(ctx.pid()));
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn pid(&self) -> Pid {
        self.cell.pid
    }

    /// A reference to the process itself.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// assert_eq!(ctx.me().pid(), ctx.pid());
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn me(&self) -> ProcRef<P> {
        ProcRef::new(Arc::clone(&self.cell))
    }

    /// Who started the process, if a process did.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// assert_eq!(ctx.parent(), None, "it was started from outside");
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn parent(&self) -> Option<Pid> {
        self.cell.parent
    }

    /// Ends this process with `reason` once the current handler returns; no further message is
    /// handled. The first call counts, and an exit signal that has come before it.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// ctx.exit(ExitReason::Shutdown);
    /// ctx.exit(ExitReason::Normal);
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     let reason = watch(spawn(Spawn::new(), || Room).pid()).await;
    /// assert_eq!(reason, ExitReason::Shutdown);
    /// # });
    /// ```
    pub fn exit(&mut self, reason: ExitReason) {
        if !self.is_ending() {
            self.exit = Some(reason);
        }
    }

    /// Ends an asynchronous `init` ([`crate::Init::Pending`]); an error ends the process with it.
    ///
    /// ```
    /// use guildhall_process::{Ctx, Init, Process, Spawn, start};
    ///
    /// struct Store(Option<String>);
    ///
    /// impl Process for Store {
    ///     const KIND: &'static str = "store";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         ctx.wait(async { "rows".to_owned() }, |store, rows, ctx| {
    ///             store.0 = Some(rows);
    ///             ctx.init_done(Ok(()));
    ///         });
    ///         Init::Pending
    ///     }
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     assert!(start(Spawn::new(), || Store(None)).await.is_ok());
    /// });
    /// ```
    pub fn init_done(&mut self, result: Result<(), ExitReason>) {
        match result {
            Err(reason) => self.exit(reason),
            Ok(()) if self.exit.is_some() => {}
            Ok(()) => {
                self.ready = true;
                if let Some(starter) = self.starter.take() {
                    starter(self.cell.pid, Ok(()));
                }
            }
        }
    }

    /// Runs a future beside the mailbox; `then` gets its result as if it were a message. Both die
    /// with the process. A panic in the future is the process's panic.
    ///
    /// Results that are ready in the same turn come in the order in which their futures were
    /// started. No other order is promised: who needs one runs one future after the other.
    ///
    /// ```
    /// use guildhall_process::{Ctx, ExitReason, Init, Process, Spawn, spawn, watch};
    ///
    /// struct Reader;
    ///
    /// impl Process for Reader {
    ///     const KIND: &'static str = "reader";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         ctx.run(async { 40 + 2 }, |_reader, sum, ctx| {
    ///             assert_eq!(sum, 42);
    ///             ctx.exit(ExitReason::Normal);
    ///         });
    ///         Init::Ready
    ///     }
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     let reader = spawn(Spawn::new(), || Reader);
    ///     assert_eq!(watch(reader.pid()).await, ExitReason::Normal);
    /// });
    /// ```
    pub fn run<F, T>(&mut self, fut: F, then: impl FnOnce(&mut P, T, &mut Ctx<P>) + 'static)
    where
        F: Future<Output = T> + 'static,
        T: 'static,
    {
        self.start_task(Task::new::<F>(Box::pin(fut), then));
    }

    /// Runs a future while the mailbox waits. Exit signals and the kill still interrupt it; what
    /// they would leave as messages for a process that traps exits waits, too.
    ///
    /// ```
    /// use guildhall_process::{Ctx, ExitReason, Init, Process, Spawn, exit, spawn, watch};
    ///
    /// struct Patient;
    ///
    /// impl Process for Patient {
    ///     const KIND: &'static str = "patient";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         ctx.wait(std::future::pending::<()>(), |_patient, (), _ctx| ());
    ///         Init::Ready
    ///     }
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     let patient = spawn(Spawn::new(), || Patient);
    ///     exit(patient.pid(), ExitReason::Shutdown);
    ///     assert_eq!(watch(patient.pid()).await, ExitReason::Shutdown);
    /// });
    /// ```
    pub fn wait<F, T>(&mut self, fut: F, then: impl FnOnce(&mut P, T, &mut Ctx<P>) + 'static)
    where
        F: Future<Output = T> + 'static,
        T: 'static,
    {
        self.parts.wait(Task::new::<F>(Box::pin(fut), then));
    }
}
