//! The one supervision tree: every process of the house, in start order. rest_for_one, because what starts
//! later depends on what starts earlier; the children of `core` are found by name, so one of them may crash
//! without costing a socket. Nothing is started elsewhere but by the dynamic supervisors named here.

use std::net::TcpListener;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use guildhall_process::{
    ChildSpec, DynamicSupervisor, ProcRef, Process, Shutdown, Strategy, Supervisor,
};

use crate::endpoint::{Endpoint, Face};
use crate::hall::{HallRef, Kept};
use crate::names::Names;
use crate::persistence::Persistence;
use crate::presence::Presence;
use crate::retention::Retention;
use crate::store::Store;

/// Restarts that a supervisor of the house bears within [`RESTARTS_WITHIN`] before it gives up.
const RESTARTS_MAX: u32 = 5;
/// See [`RESTARTS_MAX`].
const RESTARTS_WITHIN: Duration = Duration::from_secs(10);
/// How long the processes of one kind may take to stop, all at once.
const CHILDREN_STOP: Duration = Duration::from_secs(5);
/// Processes of one kind (campaigns, boards, guilds) that may live at once.
const KEPT_MAX: usize = 100_000;

/// Addresses taken by the endpoints, kept over their restarts.
#[derive(Clone, Default)]
pub struct Addresses {
    /// Of the public listener.
    pub public: Arc<OnceLock<TcpListener>>,
    /// Of the admin listener.
    pub admin: Arc<OnceLock<TcpListener>>,
}

/// The root supervisor.
#[must_use]
pub fn root(hall: &HallRef, addresses: &Addresses) -> Supervisor {
    Supervisor::new(Strategy::RestForOne)
        .intensity(RESTARTS_MAX, RESTARTS_WITHIN)
        .child(ChildSpec::supervisor("core", {
            let hall = Arc::clone(hall);
            move || core(&hall)
        }))
        .child(kept("campaigns", hall, KEPT_MAX, |hall| &hall.campaigns))
        .child(kept("boards", hall, KEPT_MAX, |hall| &hall.boards))
        .child(kept("guilds", hall, KEPT_MAX, |hall| &hall.guilds))
        .child(kept(
            "sessions",
            hall,
            hall.config.limits.sessions_max,
            |hall| &hall.sessions,
        ))
        .child(endpoint("endpoint", hall, Face::Public, &addresses.public))
        // Last, so that its crash costs no socket.
        .child(endpoint("admin", hall, Face::Admin, &addresses.admin))
}

/// What everything else stands on, found by name.
pub(crate) fn core(hall: &HallRef) -> Supervisor {
    Supervisor::new(Strategy::OneForOne)
        .intensity(RESTARTS_MAX, RESTARTS_WITHIN)
        .child(worker("store", hall, Store::new))
        // Loading every name there is takes seconds with millions of them.
        .child(worker("names", hall, Names::new))
        .child(worker("persistence", hall, Persistence::new))
        .child(worker("presence", hall, Presence::new))
        .child(worker("retention", hall, Retention::new))
}

fn worker<P: Process>(
    name: &'static str,
    hall: &HallRef,
    make: impl Fn(HallRef) -> P + Send + Sync + 'static,
) -> ChildSpec {
    let hall = Arc::clone(hall);
    ChildSpec::worker(name, move || make(Arc::clone(&hall)))
}

/// A dynamic supervisor that the hall knows as the one for its kind.
fn kept<P: Process>(
    name: &'static str,
    hall: &HallRef,
    max: usize,
    of: impl Fn(&crate::hall::Hall) -> &Kept<P> + Send + Sync + 'static,
) -> ChildSpec {
    let hall = Arc::clone(hall);
    ChildSpec::dynamic(name, move || {
        DynamicSupervisor::new()
            .max_children(max)
            .shutdown(Shutdown::Timeout(CHILDREN_STOP))
    })
    .on_start(move |supervisor: &ProcRef<DynamicSupervisor>| of(&hall).supervised_by(supervisor))
}

fn endpoint(
    name: &'static str,
    hall: &HallRef,
    face: Face,
    taken: &Arc<OnceLock<TcpListener>>,
) -> ChildSpec {
    let taken = Arc::clone(taken);
    worker(name, hall, move |hall| {
        Endpoint::new(hall, face, Arc::clone(&taken))
    })
}
