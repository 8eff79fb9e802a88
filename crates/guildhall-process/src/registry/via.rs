//! Addresses by name (OTP's via tuples): resolved whenever something is sent, so that they go on
//! to work when the process behind the name has been restarted.

use std::fmt::{self, Debug};
use std::future::Future;
use std::hash::Hash;
use std::time::Duration;

use super::{Registry, Taken};
use crate::process::{Handle, Process};
use crate::process_ref::{ProcRef, SendError};
use crate::reply::{CallError, ReplyTo};
use crate::spawn::{Spawn, StartError, Starter, spawn_as, starter};
use crate::table;

/// Whoever has a key in a registry. Made by [`Registry::via`].
///
/// ```
/// use guildhall_process::{Ctx, Handle, Process, Registry, SendError, Spawn, StartError};
///
/// struct Room;
///
/// impl Process for Room {
///     const KIND: &'static str = "room";
/// }
///
/// impl Handle<&'static str> for Room {
///     fn handle(&mut self, _said: &'static str, _ctx: &mut Ctx<Self>) {}
/// }
///
/// actix_rt::System::new().block_on(async {
///     let hall = Registry::new("rooms").via("hall");
///     assert!(matches!(hall.tell("anybody there?"), Err(SendError::Dead(_))));
///     let room = hall.start(Spawn::new(), || Room).await.unwrap();
///     hall.tell("hello").unwrap();
///     let again = hall.start(Spawn::new(), || Room).await;
///     assert_eq!(again.unwrap_err(), StartError::AlreadyStarted(room.pid()));
/// });
/// ```
pub struct Via<K, P: Process> {
    registry: Registry<K, P>,
    key: K,
}

impl<K: Clone, P: Process> Clone for Via<K, P> {
    fn clone(&self) -> Self {
        Self {
            registry: self.registry.clone(),
            key: self.key.clone(),
        }
    }
}

impl<K: Debug, P: Process> Debug for Via<K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} via {:?}", self.key, self.registry)
    }
}

impl<K, P> Via<K, P>
where
    K: Eq + Hash + Send + Sync + Debug + 'static,
    P: Process,
{
    pub(super) fn new(registry: Registry<K, P>, key: K) -> Self {
        Self { registry, key }
    }

    /// Gives the key to a process that runs already; see [`Registry::register`].
    ///
    /// # Errors
    /// See [`Registry::register`].
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let first = Registry::<u32, Room>::new("rooms").via(1);
    /// let hall = spawn(Spawn::new(), || Room);
    /// first.register(&hall).unwrap();
    /// assert_eq!(first.whereis(), Some(hall));
    /// # });
    /// ```
    pub fn register(&self, me: &ProcRef<P>) -> Result<(), Taken>
    where
        K: Clone,
    {
        self.registry.register(self.key.clone(), me)
    }

    /// Who has the key now.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let first = Registry::<u32, Room>::new("rooms").via(1);
    /// assert_eq!(first.whereis(), None);
    /// # });
    /// ```
    pub fn whereis(&self) -> Option<ProcRef<P>> {
        self.registry.whereis(&self.key)
    }

    /// [`ProcRef::tell`] to who has the key now.
    ///
    /// # Errors
    /// The message comes back: as from a dead process if nobody has the key.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Echo;
    /// # impl Process for Echo { const KIND: &'static str = "echo"; }
    /// # struct Ask(u32, ReplyTo<u32>);
    /// # impl Handle<Ask> for Echo {
    /// #     fn handle(&mut self, Ask(n, reply): Ask, _ctx: &mut Ctx<Self>) { reply.send(n) }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// let echo = Registry::<&str, Echo>::new("services").via("echo");
    /// let back = echo.tell(Ask(42, ReplyTo::detached())).unwrap_err().into_inner();
    /// assert_eq!(back.0, 42);
    /// # });
    /// ```
    pub fn tell<M: Send + 'static>(&self, msg: M) -> Result<(), SendError<M>>
    where
        P: Handle<M>,
    {
        match self.whereis() {
            Some(process) => process.tell(msg),
            None => Err(SendError::Dead(msg)),
        }
    }

    /// [`ProcRef::call`] of who has the key now.
    ///
    /// # Errors
    /// See [`CallError`]; `NoProc` if nobody has the key.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Echo;
    /// # impl Process for Echo { const KIND: &'static str = "echo"; }
    /// # struct Ask(u32, ReplyTo<u32>);
    /// # impl Handle<Ask> for Echo {
    /// #     fn handle(&mut self, Ask(n, reply): Ask, _ctx: &mut Ctx<Self>) { reply.send(n) }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// let echo = Registry::<&str, Echo>::new("services").via("echo");
    /// let second = std::time::Duration::from_secs(1);
    /// assert_eq!(echo.call(second, |reply| Ask(1, reply)).await, Err(CallError::NoProc));
    /// echo.start(Spawn::new(), || Echo).await.unwrap();
    /// assert_eq!(echo.call(second, |reply| Ask(2, reply)).await, Ok(2));
    /// # });
    /// ```
    pub fn call<M, R, F>(
        &self,
        timeout: Duration,
        make: F,
    ) -> impl Future<Output = Result<R, CallError>> + Send + 'static + use<K, P, M, R, F>
    where
        F: FnOnce(ReplyTo<R>) -> M,
        P: Handle<M>,
        M: Send + 'static,
        R: Send + 'static,
    {
        let called = self.whereis().map(|process| process.call(timeout, make));
        async move {
            match called {
                Some(answer) => answer.await,
                None => Err(CallError::NoProc),
            }
        }
    }

    /// [`crate::spawn`] of a process that has the key before it runs and before anybody can see
    /// it.
    ///
    /// # Errors
    /// [`Taken`] if a living process has the key; then there has never been a new one, and no link
    /// or monitor hears anything.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let first = Registry::<u32, Room>::new("rooms").via(1);
    /// let hall = first.spawn(Spawn::new(), || Room).unwrap();
    /// assert_eq!(first.spawn(Spawn::new(), || Room), Err(Taken { by: hall.pid() }));
    /// # });
    /// ```
    pub fn spawn<F>(&self, opts: Spawn, make: F) -> Result<ProcRef<P>, Taken>
    where
        K: Clone,
        F: FnOnce() -> P + Send + 'static,
    {
        self.spawn_with(opts, make, None)
    }

    /// [`crate::start`] of a process that has the key before its `init` runs and before anybody
    /// can see it.
    ///
    /// # Errors
    /// [`StartError::AlreadyStarted`] if a living process has the key (see [`Via::spawn`]), or what
    /// [`crate::start`] says.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let first = Registry::<u32, Room>::new("rooms").via(1);
    /// let hall = first.start(Spawn::new(), || Room).await.unwrap();
    /// let again = first.start(Spawn::new(), || Room).await;
    /// assert_eq!(again, Err(StartError::AlreadyStarted(hall.pid())));
    /// # });
    /// ```
    pub fn start<F>(
        &self,
        opts: Spawn,
        make: F,
    ) -> impl Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static + use<K, P, F>
    where
        K: Clone,
        F: FnOnce() -> P + Send + 'static,
    {
        let (starter, outcome) = starter();
        let spawned = self.spawn_with(opts, make, Some(starter));
        async move {
            let process = spawned.map_err(|taken| StartError::AlreadyStarted(taken.by))?;
            outcome.await.map(|()| process)
        }
    }

    fn spawn_with<F>(
        &self,
        opts: Spawn,
        make: F,
        starter: Option<Starter>,
    ) -> Result<ProcRef<P>, Taken>
    where
        K: Clone,
        F: FnOnce() -> P + Send + 'static,
    {
        let key = self.key.clone();
        spawn_as(opts, make, starter, |process| {
            let publish = || table::insert(process.cell().clone());
            self.registry.claim(key, process, publish)
        })
    }
}
