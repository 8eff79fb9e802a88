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
    pub fn trap_exit(&mut self, on: bool) {
        lock(&self.cell.state).trap_exit = on;
    }

    /// Links this process with another: when one ends, the other gets an exit signal. Two
    /// processes have at most one link. A dead `pid` sends a `NoProc` exit signal at once.
    pub fn link(&mut self, pid: Pid) {
        signals::link(self.cell.clone(), pid);
    }

    /// Removes the link, for both sides. An EXIT in the mailbox already is still handled.
    pub fn unlink(&mut self, pid: Pid) {
        signals::unlink(&*self.cell, pid);
    }

    /// Asks for a [`crate::Down`] when `pid` ends; at once and with `NoProc` if it is dead. Every
    /// call makes another monitor.
    pub fn monitor(&mut self, pid: Pid) -> MonitorRef {
        let reference = MonitorRef::next();
        signals::monitor(&*self.cell, reference, pid);
        reference
    }

    /// Removes a monitor; after this no DOWN of it is handled, even if it is in the mailbox.
    pub fn demonitor(&mut self, monitor: MonitorRef) {
        signals::demonitor(&*self.cell, monitor);
    }

    /// Spawns a child of this process, linked to it before it runs.
    pub fn spawn_link<Q: Process>(
        &mut self,
        opts: Spawn,
        make: impl FnOnce() -> Q + Send + 'static,
    ) -> ProcRef<Q> {
        spawn(opts.child_of(self.pid()), make)
    }

    /// Spawns a process and monitors it before it runs.
    pub fn spawn_monitor<Q: Process>(
        &mut self,
        opts: Spawn,
        make: impl FnOnce() -> Q + Send + 'static,
    ) -> (ProcRef<Q>, MonitorRef) {
        let monitor = Monitor::by(self.pid());
        (spawn(opts.monitor(monitor), make), monitor.reference)
    }
}
