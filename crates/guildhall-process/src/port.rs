//! Ports: something that is no process (a connection held by another library, a thread) gets a
//! pid, can be linked and monitored, and its end is an exit.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::cell::{Body, Cell, Label};
use crate::exit::ExitReason;
use crate::hooks;
use crate::letter::Note;
use crate::panics::{self, catch, log_error};
use crate::pid::Pid;
use crate::signals::{self, die};
use crate::sync::{Mutex, lock};
use crate::table;

type OnExit = Box<dyn FnOnce(ExitReason) + Send>;

/// An open port. A port does not trap exits: an exit signal that would end a process ends it.
/// Dropping it without [`Port::close`] ends it with `Error("dropped")`.
///
/// ```
/// use std::sync::mpsc;
/// use guildhall_process::{ExitReason, Port, exit, is_alive};
///
/// let (tx, rx) = mpsc::channel();
/// // A socket of another library, say, which is to be closed when the port is told to end.
/// let port = Port::open("socket", None, move |reason| tx.send(reason).unwrap());
/// exit(port.pid(), ExitReason::Shutdown);
/// assert_eq!(rx.recv(), Ok(ExitReason::Shutdown));
/// assert!(!is_alive(port.pid()));
/// ```
pub struct Port {
    cell: Arc<Cell<PortBody>>,
}

struct PortBody {
    kind: &'static str,
    on_exit: Arc<Mutex<Option<OnExit>>>,
}

/// A port that an exit signal is to end.
#[derive(Clone)]
struct Signalled {
    pid: Pid,
    on_exit: Arc<Mutex<Option<OnExit>>>,
}

thread_local! {
    /// While this thread ends a port: the ports that its death signals. Each ended within the death
    /// of the one before, a long chain of links would overflow the stack.
    static SIGNALLED: RefCell<Option<Vec<Signalled>>> = const { RefCell::new(None) };
}

impl Body for PortBody {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn class(&self) -> &'static str {
        "port"
    }

    fn mailbox_max(&self) -> usize {
        0
    }

    // A port neither traps exits nor monitors, so nothing is ever pushed.
    fn push(&self, _note: Note) {}

    fn interrupt(&self, cell: &Cell) {
        let on_exit = Arc::clone(&self.on_exit);
        let one = Signalled {
            pid: cell.pid,
            on_exit,
        };
        let deferred = SIGNALLED.try_with(|deferred| {
            let mut deferred = deferred.borrow_mut();
            deferred.as_mut().map(|list| list.push(one.clone()))
        });
        if !matches!(deferred, Ok(Some(()))) {
            end_with_links(one);
        }
    }
}

/// Ends a port, and the ports that its death signals.
fn end_with_links(first: Signalled) {
    let mut next = VecDeque::from([first]);
    while let Some(one) = next.pop_front() {
        let (ended, signalled) = deferring(|| {
            let cell = table::get(one.pid)?;
            let reason = cell.pending_exit()?;
            die(&*cell, reason.clone()).then_some(reason)
        });
        next.extend(signalled);
        if let Some(reason) = ended {
            call(&one.on_exit, reason);
        }
    }
}

/// Runs `f`; the ports that it signals come back.
fn deferring<T>(f: impl FnOnce() -> T) -> (T, Vec<Signalled>) {
    struct Off;
    impl Drop for Off {
        fn drop(&mut self) {
            let _ = SIGNALLED.try_with(RefCell::take);
        }
    }
    // While the thread ends this fails, and the ports are ended at once.
    let _ = SIGNALLED.try_with(|signalled| signalled.replace(Some(Vec::new())));
    let _off = Off;
    let outcome = f();
    let signalled = SIGNALLED.try_with(RefCell::take).ok().flatten();
    (outcome, signalled.unwrap_or_default())
}

fn call(on_exit: &Mutex<Option<OnExit>>, reason: ExitReason) {
    // Taken in a statement of its own: it is a user's code and runs without the lock.
    let on_exit = lock(on_exit).take();
    if let Some(on_exit) = on_exit
        && let Err(fault) = catch(|| on_exit(reason))
    {
        log_error(format_args!(
            "a port's exit callback panicked: {}",
            fault.message
        ));
    }
}

impl Port {
    /// Opens a port. `on_exit` runs once, on the signalling thread, when an exit signal ends the
    /// port; not when [`Port::close`] or the drop ends it. It must not block.
    ///
    /// ```
    /// # use guildhall_process::{Port, process_info};
    /// let port = Port::open("socket", Some("192.0.2.1:443".to_owned()), |_reason| ());
    /// assert_eq!(process_info(port.pid()).unwrap().class, "port");
    /// ```
    pub fn open(
        kind: &'static str,
        name: Option<String>,
        on_exit: impl FnOnce(ExitReason) + Send + 'static,
    ) -> Self {
        panics::install_hook();
        let label = Label {
            name: name.map(String::into_boxed_str),
            child: None,
        };
        let body = PortBody {
            kind,
            on_exit: Arc::new(Mutex::new(Some(Box::new(on_exit)))),
        };
        let cell = Arc::new(Cell::new(None, label, body));
        table::insert(cell.clone());
        hooks::adopt_port(&cell);
        Self { cell }
    }

    /// The port's pid.
    ///
    /// ```
    /// # use guildhall_process::{Port, is_alive};
    /// let port = Port::open("socket", None, |_reason| ());
    /// assert!(is_alive(port.pid()));
    /// ```
    pub fn pid(&self) -> Pid {
        self.cell.pid
    }

    /// Ends the port; links and monitors get `reason`. Does nothing if it has ended.
    ///
    /// ```
    /// # use guildhall_process::{ExitReason, Port, watch};
    /// # actix_rt::System::new().block_on(async {
    /// let port = Port::open("socket", None, |_reason| ());
    /// let end = watch(port.pid());
    /// port.close(ExitReason::error("reset by peer"));
    /// assert_eq!(end.await, ExitReason::error("reset by peer"));
    /// # });
    /// ```
    pub fn close(self, reason: ExitReason) {
        self.end(reason);
    }

    /// Links the port to a process. A dead `pid` ends the port with `NoProc`.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let session = spawn(Spawn::new(), || Room);
    /// let port = Port::open("socket", None, |_reason| ());
    /// port.link(session.pid());
    /// port.close(ExitReason::error("reset by peer"));
    /// assert_eq!(watch(session.pid()).await, ExitReason::error("reset by peer"));
    /// # });
    /// ```
    pub fn link(&self, pid: Pid) {
        signals::link(self.cell.clone(), pid);
    }

    fn end(&self, reason: ExitReason) {
        if die(&*self.cell, reason) {
            let unused = lock(&self.cell.body.on_exit).take();
            panics::drop_quietly(unused);
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.end(ExitReason::error("dropped"));
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Port({} {})", self.cell.body.kind, self.pid())
    }
}
