//! What a process has to do with others: whether it traps exits, its links, its monitors, and the
//! processes that it spawns.

use super::Ctx;
use crate::pid::{MonitorRef, Pid};
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::signals;
use crate::spawn::{Monitor, Spawn, spawn};
use crate::sync::lock;

impl<P: Process> Ctx<P> {
    /// From now on exit signals (but for the kill) become calls of [`Process::handle_exit`].
    ///
    /// ```
    /// use guildhall_process::{Ctx, Exit, ExitReason, Init, Process, Spawn, exit, start, watch};
    ///
    /// struct Saver;
    ///
    /// impl Process for Saver {
    ///     const KIND: &'static str = "saver";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         ctx.trap_exit(true);
    ///         Init::Ready
    ///     }
    ///
    ///     fn handle_exit(&mut self, exit: Exit, ctx: &mut Ctx<Self>) {
    ///         // Time to save what must not be lost.
    ///         ctx.exit(ExitReason::shutdown_with(&format!("saved, then {}", exit.reason)));
    ///     }
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     let saver = start(Spawn::new(), || Saver).await.unwrap();
    ///     exit(saver.pid(), ExitReason::Shutdown);
    ///     let reason = watch(saver.pid()).await;
    ///     assert_eq!(reason, ExitReason::shutdown_with("saved, then shutdown"));
    /// });
    /// ```
    pub fn trap_exit(&mut self, on: bool) {
        lock(&self.cell.state).trap_exit = on;
    }

    /// Links this process with another: when one ends, the other gets an exit signal. Two
    /// processes have at most one link. A dead `pid` sends a `NoProc` exit signal at once.
    ///
    /// ```
    /// use guildhall_process::{Ctx, ExitReason, Init, Pid, Process, Spawn, exit, spawn, start, watch};
    ///
    /// struct Partner(Option<Pid>);
    ///
    /// impl Process for Partner {
    ///     const KIND: &'static str = "partner";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         if let Some(other) = self.0 {
    ///             ctx.link(other);
    ///         }
    ///         Init::Ready
    ///     }
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     let ada = spawn(Spawn::new(), || Partner(None)).pid();
    ///     let bob = start(Spawn::new(), move || Partner(Some(ada))).await.unwrap().pid();
    ///     exit(ada, ExitReason::Shutdown);
    ///     assert_eq!(watch(bob).await, ExitReason::Shutdown);
    /// });
    /// ```
    pub fn link(&mut self, pid: Pid) {
        signals::link(self.cell.clone(), pid);
    }

    /// Removes the link, for both sides. An EXIT in the mailbox already is still handled.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Child;
    /// # impl Process for Child { const KIND: &'static str = "child"; }
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// let child = ctx.spawn_link(Spawn::new(), || Child);
    /// ctx.unlink(child.pid());
    /// assert!(process_info(child.pid()).unwrap().links.is_empty());
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn unlink(&mut self, pid: Pid) {
        signals::unlink(&*self.cell, pid);
    }

    /// Asks for a [`crate::Down`] when `pid` ends; at once and with `NoProc` if it is dead. Every
    /// call makes another monitor.
    ///
    /// ```
    /// use guildhall_process::{Ctx, Down, ExitReason, Init, Pid, Process, Spawn, spawn, watch};
    ///
    /// struct Watcher(Pid);
    ///
    /// impl Process for Watcher {
    ///     const KIND: &'static str = "watcher";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         ctx.monitor(self.0);
    ///         Init::Ready
    ///     }
    ///
    ///     fn handle_down(&mut self, down: Down, ctx: &mut Ctx<Self>) {
    ///         ctx.exit(ExitReason::shutdown_with(down.reason.label()));
    ///     }
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     let watcher = spawn(Spawn::new(), || Watcher(Pid::OUTSIDE));
    ///     let reason = watch(watcher.pid()).await;
    ///     assert_eq!(reason, ExitReason::shutdown_with("noproc"), "nobody was there");
    /// });
    /// ```
    pub fn monitor(&mut self, pid: Pid) -> MonitorRef {
        let reference = MonitorRef::next();
        signals::monitor(&*self.cell, reference, pid);
        reference
    }

    /// Removes a monitor; after this no DOWN of it is handled, even if it is in the mailbox (OTP: with `flush` and
    /// `info`). False if the monitored process has ended before, and its DOWN was handled or is taken out now.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// let me = ctx.pid();
    /// let monitor = ctx.monitor(me);
    /// assert_eq!(process_info(me).unwrap().monitors, [me]);
    /// ctx.demonitor(monitor);
    /// assert!(process_info(me).unwrap().monitors.is_empty());
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn demonitor(&mut self, monitor: MonitorRef) -> bool {
        signals::demonitor(&*self.cell, monitor)
    }

    /// Removes a monitor, but a DOWN that is in the mailbox already is still handled (OTP: without `flush`).
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// let monitor = ctx.monitor(Pid::OUTSIDE);
    /// ctx.demonitor_unflushed(monitor);
    /// #         Init::Ready
    /// #     }
    /// // Nobody is outside, so the DOWN was there before the monitor was removed.
    /// fn handle_down(&mut self, down: Down, ctx: &mut Ctx<Self>) {
    ///     assert_eq!(down.reason, ExitReason::NoProc);
    ///     ctx.exit(ExitReason::Normal);
    /// }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     let room = spawn(Spawn::new(), || Room);
    /// #     assert_eq!(watch(room.pid()).await, ExitReason::Normal);
    /// # });
    /// ```
    pub fn demonitor_unflushed(&mut self, monitor: MonitorRef) {
        signals::demonitor_unflushed(&*self.cell, monitor);
    }

    /// Spawns a child of this process, linked to it before it runs.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Child;
    /// # impl Process for Child { const KIND: &'static str = "child"; }
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// let child = ctx.spawn_link(Spawn::named("first"), || Child);
    /// let info = process_info(child.pid()).unwrap();
    /// assert_eq!((info.parent, info.links), (Some(ctx.pid()), vec![ctx.pid()]));
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn spawn_link<Q: Process>(
        &mut self,
        opts: Spawn,
        make: impl FnOnce() -> Q + Send + 'static,
    ) -> ProcRef<Q> {
        spawn(opts.child_of(self.pid()), make)
    }

    /// Spawns a process and monitors it before it runs.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Child;
    /// # impl Process for Child { const KIND: &'static str = "child"; }
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// let (child, monitor) = ctx.spawn_monitor(Spawn::new(), || Child);
    /// assert_eq!(process_info(child.pid()).unwrap().monitored_by, [ctx.pid()]);
    /// ctx.demonitor(monitor);
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn spawn_monitor<Q: Process>(
        &mut self,
        opts: Spawn,
        make: impl FnOnce() -> Q + Send + 'static,
    ) -> (ProcRef<Q>, MonitorRef) {
        let monitor = Monitor::by(self.pid());
        (spawn(opts.monitor(monitor), make), monitor.reference)
    }
}
