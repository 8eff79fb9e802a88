//! One group: its members and who monitors it, behind one lock. Events are put into the mailboxes
//! under it, so that all hear the same story; a group that nobody needs any more is gone for good.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::{Arc, Weak};

use super::Inner;
use crate::cell::{Name, NameId, NameKind};
use crate::panics::Quiet;
use crate::pid::Pid;
use crate::process::{Handle, Process};
use crate::process_ref::ProcRef;
use crate::registry::{Keyed, Place};
use crate::sync::{Mutex, lock};

/// One monitor of a group: every call of [`crate::Groups::monitor`] gives another one.
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
/// let (first, second) = (parties.monitor(7, &host).0, parties.monitor(7, &host).0);
/// assert_ne!(first, second);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupMonitor(NameId);

impl GroupMonitor {
    pub(super) fn id(self) -> NameId {
        self.0
    }
}

/// What has happened in a group.
///
/// ```
/// use guildhall_process::GroupChange;
///
/// let count = |members: usize, change: GroupChange| match change {
///     GroupChange::Joined => members + 1,
///     GroupChange::Left => members - 1,
/// };
/// assert_eq!(count(2, GroupChange::Left), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// The member is in it once more.
    Joined,
    /// The member is in it once less.
    Left,
}

/// The message that a monitor of a group sends.
///
/// ```
/// use guildhall_process::{Ctx, GroupChange, GroupEvent, Groups, Handle, Process, Spawn, spawn};
/// # use guildhall_process::{ExitReason, watch};
///
/// struct Host;
///
/// impl Process for Host {
///     const KIND: &'static str = "host";
/// }
///
/// impl Handle<GroupEvent<u32, Host>> for Host {
///     fn handle(&mut self, event: GroupEvent<u32, Host>, ctx: &mut Ctx<Self>) {
///         assert_eq!((*event.group, event.change), (7, GroupChange::Joined));
///         assert_eq!(event.member, ctx.me());
///         # ctx.exit(ExitReason::Normal);
///     }
/// }
///
/// actix_rt::System::new().block_on(async {
///     let parties = Groups::new("parties");
///     let host = spawn(Spawn::new(), || Host);
///     parties.monitor(7, &host);
///     parties.join(7, &host).unwrap();
///     # assert_eq!(watch(host.pid()).await, ExitReason::Normal);
/// });
/// ```
pub struct GroupEvent<G, P: Process> {
    /// What [`crate::Groups::monitor`] returned.
    pub monitor: GroupMonitor,
    /// Which group.
    pub group: Arc<G>,
    /// What has happened.
    pub change: GroupChange,
    /// To whom.
    pub member: ProcRef<P>,
}

impl<G: Debug, P: Process> Debug for GroupEvent<G, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, member, .. } = self;
        write!(f, "{member:?} has {:?} {group:?}", self.change)
    }
}

pub(super) struct Group<G, P: Process> {
    pub before: Place,
    key: Quiet<Arc<G>>,
    scope: Weak<Inner<G, P>>,
    scope_name: &'static str,
    state: Mutex<State<G, P>>,
}

struct State<G, P: Process> {
    /// Nobody was in it and nobody monitored it: it is not on the shelf any more.
    gone: bool,
    members: BTreeMap<(Pid, NameId), ProcRef<P>>,
    monitors: BTreeMap<NameId, Arc<dyn Hear<G, P>>>,
}

/// A subscriber of any type.
trait Hear<G, P: Process>: Send + Sync {
    fn hear(&self, event: GroupEvent<G, P>);
}

impl<G, P, Q> Hear<G, P> for ProcRef<Q>
where
    G: Send + Sync + 'static,
    P: Process,
    Q: Handle<GroupEvent<G, P>>,
{
    fn hear(&self, event: GroupEvent<G, P>) {
        self.tell_exempt(event);
    }
}

impl<G: Eq + Hash, P: Process> Keyed for Group<G, P> {
    type Key = G;

    fn key(&self) -> Option<&G> {
        self.key.get().map(|key| &**key)
    }
}

impl<G, P: Process> Group<G, P> {
    pub fn has_members(&self) -> bool {
        !lock(&self.state).members.is_empty()
    }

    pub fn members(&self) -> Vec<ProcRef<P>> {
        lock(&self.state).members()
    }
}

impl<G, P: Process> State<G, P> {
    fn members(&self) -> Vec<ProcRef<P>> {
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_unstable_by_key(|((_, id), _)| *id);
        members
            .into_iter()
            .map(|(_, member)| member.clone())
            .collect()
    }

    fn tell(&self, group: Option<&Arc<G>>, change: GroupChange, member: &ProcRef<P>) {
        let Some(group) = group else {
            return;
        };
        for (id, subscriber) in &self.monitors {
            subscriber.hear(GroupEvent {
                monitor: GroupMonitor(*id),
                group: Arc::clone(group),
                change,
                member: member.clone(),
            });
        }
    }
}

impl<G, P> Group<G, P>
where
    G: Eq + Hash + Send + Sync + Debug + 'static,
    P: Process,
{
    pub fn new(scope: &Arc<Inner<G, P>>, key: Arc<G>) -> Arc<Self> {
        Arc::new(Self {
            before: scope.shelf.before(&key),
            key: Quiet::new(key),
            scope: Arc::downgrade(scope),
            scope_name: scope.name,
            state: Mutex::new(State {
                gone: false,
                members: BTreeMap::new(),
                monitors: BTreeMap::new(),
            }),
        })
    }

    /// False if the member is dead, `None` if the group is gone.
    pub fn join(self: &Arc<Self>, member: &ProcRef<P>) -> Option<bool> {
        let pid = member.pid();
        self.change(|state| {
            let id = NameId::next();
            let alive = member.cell().take_name(id, self.seat(pid, NameKind::Group));
            if alive {
                state.members.insert((pid, id), member.clone());
                state.tell(self.key.get(), GroupChange::Joined, member);
            }
            alive
        })
    }

    pub fn leave_once(&self, pid: Pid) -> bool {
        let left = self.change(|state| {
            let seats = state.members.range((pid, NameId::NONE)..);
            let (&(first, id), _) = seats.into_iter().next()?;
            let member = (first == pid).then(|| self.remove(state, pid, id))??;
            Some((member, id))
        });
        let Some((member, id)) = left.flatten() else {
            return false;
        };
        member.cell().give_up_name(id);
        true
    }

    fn remove(&self, state: &mut State<G, P>, pid: Pid, id: NameId) -> Option<ProcRef<P>> {
        let member = state.members.remove(&(pid, id))?;
        state.tell(self.key.get(), GroupChange::Left, &member);
        Some(member)
    }

    /// `None` if the group is gone.
    pub fn monitor<Q>(
        self: &Arc<Self>,
        subscriber: &ProcRef<Q>,
    ) -> Option<(GroupMonitor, Vec<ProcRef<P>>)>
    where
        Q: Handle<GroupEvent<G, P>>,
    {
        self.change(|state| {
            let id = NameId::next();
            let seat = self.seat(subscriber.pid(), NameKind::GroupMonitor);
            if subscriber.cell().take_name(id, seat) {
                state.monitors.insert(id, Arc::new(subscriber.clone()));
            }
            (GroupMonitor(id), state.members())
        })
    }

    /// `None` if the group is gone. It goes when nobody is left in it.
    fn change<T>(&self, f: impl FnOnce(&mut State<G, P>) -> T) -> Option<T> {
        let mut state = lock(&self.state);
        let done = (!state.gone).then(|| f(&mut state));
        state.gone = state.members.is_empty() && state.monitors.is_empty();
        let gone = state.gone;
        drop(state);
        if gone && let Some(scope) = self.scope.upgrade() {
            scope.shelf.take_out(self.before, self);
        }
        done
    }

    fn seat(self: &Arc<Self>, pid: Pid, kind: NameKind) -> Arc<Seat<G, P>> {
        let group = Arc::clone(self);
        Arc::new(Seat { group, pid, kind })
    }
}

/// A membership or a monitor, as its process knows it.
struct Seat<G, P: Process> {
    group: Arc<Group<G, P>>,
    pid: Pid,
    kind: NameKind,
}

impl<G, P> Name for Seat<G, P>
where
    G: Eq + Hash + Send + Sync + Debug + 'static,
    P: Process,
{
    fn release(&self, id: NameId) {
        // What is removed is dropped after the lock.
        self.group.change(|state| {
            let member = self.group.remove(state, self.pid, id);
            (member, state.monitors.remove(&id))
        });
    }

    fn kind(&self) -> NameKind {
        self.kind
    }

    fn label(&self) -> String {
        match self.group.key() {
            Some(key) => format!("{}:{key:?}", self.group.scope_name),
            None => self.group.scope_name.to_owned(),
        }
    }
}
