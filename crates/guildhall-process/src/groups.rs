//! Process groups (OTP's pg, in one program): a process may join a group several times, leaves
//! it with its death before anybody hears of that, and groups can be monitored. No lock is held
//! while a key's own code runs. What a group does under its lock is in `group.rs`.

mod group;

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::Arc;

use crate::pid::Pid;
use crate::process::{Handle, Process};
use crate::process_ref::{ProcRef, SendError};
use crate::registry::{Keyed, Shelf};

use group::Group;
pub use group::{GroupChange, GroupEvent, GroupMonitor};

/// The process that would join is dead.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// # let parties: Groups<u32, Room> = Groups::new("parties");
/// # let room = spawn(Spawn::new(), || Room);
/// exit(room.pid(), ExitReason::Kill);
/// watch(room.pid()).await;
/// assert_eq!(parties.join(7, &room), Err(DeadMember(room.pid())));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadMember(pub Pid);

impl fmt::Display for DeadMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is dead", self.0)
    }
}

impl std::error::Error for DeadMember {}

/// Groups of processes of type `P`, found by keys of type `G`. Clones share the groups.
///
/// ```
/// use guildhall_process::{Ctx, Groups, Handle, Process, Spawn, spawn};
///
/// struct Player;
///
/// impl Process for Player {
///     const KIND: &'static str = "player";
/// }
///
/// impl Handle<&'static str> for Player {
///     fn handle(&mut self, _said: &'static str, _ctx: &mut Ctx<Self>) {}
/// }
///
/// actix_rt::System::new().block_on(async {
///     let parties: Groups<u32, Player> = Groups::new("parties");
///     let (ada, bob) = (spawn(Spawn::new(), || Player), spawn(Spawn::new(), || Player));
///     parties.join(7, &ada).unwrap();
///     parties.join(7, &bob).unwrap();
///     assert!(parties.broadcast(&7, &"to the tavern!").is_empty());
///     assert!(parties.leave(&7, ada.pid()));
///     assert_eq!(parties.members(&7), [bob]);
/// });
/// ```
pub struct Groups<G, P: Process> {
    inner: Arc<Inner<G, P>>,
}

struct Inner<G, P: Process> {
    name: &'static str,
    shelf: Shelf<Group<G, P>>,
}

impl<G, P: Process> Clone for Groups<G, P> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<G, P: Process> Debug for Groups<G, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Groups({})", self.inner.name)
    }
}

impl<G, P> Groups<G, P>
where
    G: Eq + Hash + Send + Sync + Debug + 'static,
    P: Process,
{
    /// No groups yet; the name is for the status page.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let parties: Groups<u32, Room> = Groups::new("parties");
    /// let room = spawn(Spawn::new(), || Room);
    /// parties.join(7, &room).unwrap();
    /// assert_eq!(process_info(room.pid()).unwrap().groups, ["parties:7"]);
    /// # });
    /// ```
    pub fn new(name: &'static str) -> Self {
        let shelf = Shelf::default();
        Self {
            inner: Arc::new(Inner { name, shelf }),
        }
    }

    /// Adds `member` to a group, once for every call.
    ///
    /// # Errors
    /// [`DeadMember`] if it is dead.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let parties: Groups<u32, Room> = Groups::new("parties");
    /// # let room = spawn(Spawn::new(), || Room);
    /// parties.join(7, &room).unwrap();
    /// parties.join(7, &room).unwrap();
    /// assert_eq!(parties.members(&7).len(), 2);
    /// # });
    /// ```
    pub fn join(&self, group: G, member: &ProcRef<P>) -> Result<(), DeadMember> {
        let key = Arc::new(group);
        loop {
            match self.group(&key).join(member) {
                Some(true) => return Ok(()),
                Some(false) => return Err(DeadMember(member.pid())),
                // It has lost its last member just now.
                None => {}
            }
        }
    }

    /// Takes `pid` out of a group, once; false if it is no member.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let parties: Groups<u32, Room> = Groups::new("parties");
    /// # let room = spawn(Spawn::new(), || Room);
    /// parties.join(7, &room).unwrap();
    /// assert!(parties.leave(&7, room.pid()));
    /// assert!(!parties.leave(&7, room.pid()), "it was in there once");
    /// # });
    /// ```
    pub fn leave(&self, group: &G, pid: Pid) -> bool {
        let found = self.inner.shelf.first(group);
        found.is_some_and(|(_, group)| group.leave_once(pid))
    }

    /// The members in the order in which they joined, once for every time.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let parties: Groups<u32, Room> = Groups::new("parties");
    /// # let room = spawn(Spawn::new(), || Room);
    /// parties.join(7, &room).unwrap();
    /// assert_eq!(parties.members(&7), [room]);
    /// assert!(parties.members(&8).is_empty());
    /// # });
    /// ```
    pub fn members(&self, group: &G) -> Vec<ProcRef<P>> {
        let found = self.inner.shelf.first(group);
        found.map_or_else(Vec::new, |(_, group)| group.members())
    }

    /// The groups that have members, in no order.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let parties: Groups<u32, Room> = Groups::new("parties");
    /// # let room = spawn(Spawn::new(), || Room);
    /// parties.join(7, &room).unwrap();
    /// assert_eq!(parties.which_groups(), [7]);
    /// # });
    /// ```
    pub fn which_groups(&self) -> Vec<G>
    where
        G: Clone,
    {
        let groups = self.inner.shelf.all();
        let inhabited = groups.iter().filter(|group| group.has_members());
        inhabited.filter_map(|group| group.key().cloned()).collect()
    }

    /// Sends `msg` to all members and answers with those that have refused it, and their copies.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Player;
    /// # impl Process for Player { const KIND: &'static str = "player"; const MAILBOX_MAX: usize = 1; }
    /// # impl Handle<&'static str> for Player { fn handle(&mut self, _: &'static str, _: &mut Ctx<Self>) {} }
    /// # actix_rt::System::new().block_on(async {
    /// # let parties: Groups<u32, Player> = Groups::new("parties");
    /// # let ada = spawn(Spawn::new(), || Player);
    /// parties.join(7, &ada).unwrap();
    /// assert_eq!(parties.broadcast(&7, &"roll!"), []);
    /// // Her mailbox has room for one.
    /// assert_eq!(parties.broadcast(&7, &"move!"), [(ada, SendError::Full("move!"))]);
    /// # });
    /// ```
    pub fn broadcast<M>(&self, group: &G, msg: &M) -> Vec<(ProcRef<P>, SendError<M>)>
    where
        M: Clone + Send + 'static,
        P: Handle<M>,
    {
        let refusal = |member: ProcRef<P>| match member.tell(msg.clone()) {
            Ok(()) => None,
            Err(error) => Some((member, error)),
        };
        self.members(group)
            .into_iter()
            .filter_map(refusal)
            .collect()
    }

    /// Lets `subscriber` hear of everyone who joins or leaves the group from now on, in order and
    /// past the bound of its mailbox, and answers with those who are members now: together they
    /// leave no gap. A subscriber that ends is forgotten.
    ///
    /// ```
    /// use guildhall_process::{Ctx, GroupEvent, Groups, Handle, Process, Spawn, spawn};
    ///
    /// struct Player;
    ///
    /// impl Process for Player {
    ///     const KIND: &'static str = "player";
    /// }
    ///
    /// struct Host;
    ///
    /// impl Process for Host {
    ///     const KIND: &'static str = "host";
    /// }
    ///
    /// impl Handle<GroupEvent<u32, Player>> for Host {
    ///     fn handle(&mut self, event: GroupEvent<u32, Player>, _ctx: &mut Ctx<Self>) {
    ///         println!("{event:?}");
    ///     }
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     let parties: Groups<u32, Player> = Groups::new("parties");
    ///     let host = spawn(Spawn::new(), || Host);
    ///     let (monitor, members) = parties.monitor(7, &host);
    ///     assert!(members.is_empty());
    ///     parties.demonitor(monitor, &host);
    /// });
    /// ```
    pub fn monitor<Q>(&self, group: G, subscriber: &ProcRef<Q>) -> (GroupMonitor, Vec<ProcRef<P>>)
    where
        Q: Handle<GroupEvent<G, P>>,
    {
        let key = Arc::new(group);
        loop {
            if let Some(monitored) = self.group(&key).monitor(subscriber) {
                return monitored;
            }
        }
    }

    /// Ends a monitor. An event that is in the mailbox already is still handled.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # impl Handle<GroupEvent<u32, Room>> for Room {
    /// #     fn handle(&mut self, _event: GroupEvent<u32, Room>, _ctx: &mut Ctx<Self>) {}
    /// # }
    /// # let (host, parties) = (spawn(Spawn::new(), || Room), Groups::<u32, Room>::new("parties"));
    /// let (monitor, _members) = parties.monitor(7, &host);
    /// parties.demonitor(monitor, &host);
    /// parties.demonitor(monitor, &host); // No harm.
    /// # });
    /// ```
    pub fn demonitor<Q: Process>(&self, monitor: GroupMonitor, subscriber: &ProcRef<Q>) {
        if let Some(name) = subscriber.cell().give_up_name(monitor.id()) {
            name.release(monitor.id());
        }
    }

    /// The group with this key, made if there is none. It may be gone when it is asked.
    fn group(&self, key: &Arc<G>) -> Arc<Group<G, P>> {
        let shelf = &self.inner.shelf;
        if let Some((_, group)) = shelf.first(key) {
            return group;
        }
        let group = Group::new(&self.inner, Arc::clone(key));
        match shelf.add_only(group.before, &group, |_| true) {
            Ok(_) => group,
            Err((_, other)) => other,
        }
    }
}
