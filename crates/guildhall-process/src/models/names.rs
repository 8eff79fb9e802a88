//! Names and memberships against deaths: never left to the dead, and free before anybody hears.

use std::sync::Arc;

use actix::dev::channel::channel;
use shuttle::thread;

use super::cells::{Owner, boom, cell_that_looks, downs, exits};
use super::{explore, found};
use crate::cell::{Cell, Label};
use crate::exit::ExitReason;
use crate::few::Few;
use crate::groups::Groups;
use crate::letter::Note;
use crate::pid::MonitorRef;
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::registry::Registry;
use crate::shell::Mailbox;
use crate::signals::{die, link, monitor};
use crate::sync::lock;
use crate::table;

struct Bearer;

impl Process for Bearer {
    const KIND: &'static str = "bearer";
}

type Names = Registry<&'static str, Bearer>;
type Rooms = Groups<&'static str, Bearer>;

/// A living process that can have names; nothing runs it.
fn bearer() -> ProcRef<Bearer> {
    let (sender, _receiver) = channel(0);
    let body = Mailbox(actix::Addr::new(sender));
    let cell = Arc::new(Cell::new(None, Label::default(), body));
    table::insert(cell.clone());
    ProcRef::new(cell)
}

/// Looks for names of `bearer` whenever it is told of a death, and is bound to it.
fn heir(names: &Names, rooms: &Rooms, bearer: &ProcRef<Bearer>) -> Owner {
    let (names, rooms, dead) = (names.clone(), rooms.clone(), bearer.clone());
    let heir = cell_that_looks(true, move |_: &Note| {
        assert_ne!(
            names.whereis(&"name"),
            Some(dead.clone()),
            "the dead has its name"
        );
        assert!(
            !rooms.members(&"room").contains(&dead),
            "the dead is a member"
        );
    });
    link(heir.clone(), bearer.pid());
    monitor(&*heir, MonitorRef::next(), bearer.pid());
    heir
}

/// A process registers and joins while it dies.
fn register_against_death(register: fn(&Names, &ProcRef<Bearer>)) {
    let (names, rooms) = (Names::new("names"), Rooms::new("rooms"));
    let dying = bearer();
    let heir = heir(&names, &rooms, &dying);
    let registering = thread::spawn({
        let (names, rooms, dying) = (names.clone(), rooms.clone(), dying.clone());
        move || {
            register(&names, &dying);
            // Too late is no failure here.
            let _ = rooms.join("room", &dying);
        }
    });
    die(&**dying.cell(), boom());
    registering.join().unwrap();
    assert_eq!(exits(&heir, dying.pid()), [boom()]);
    assert_eq!(downs(&heir, dying.pid()), [boom()]);
    assert!(names.is_empty());
    assert!(rooms.members(&"room").is_empty());
    die(&*heir, ExitReason::Normal);
}

fn register(names: &Names, bearer: &ProcRef<Bearer>) {
    // Too late is no failure here.
    let _ = names.register("name", bearer);
}

#[test]
fn a_name_is_never_left_to_the_dead() {
    explore(|| register_against_death(register));
}

/// Gives a name of which the owner's death does not know.
fn register_unnoted(names: &Names, bearer: &ProcRef<Bearer>) {
    register(names, bearer);
    if let Some(relations) = lock(&bearer.cell().state).known_relations() {
        relations.names = Few::default();
    }
}

#[test]
fn a_name_of_which_a_death_does_not_know_is_found() {
    let found = found(|| register_against_death(register_unnoted));
    assert!(found.contains("the dead has its name"), "{found}");
}

/// Two processes want one name, and one of them dies: the name has at most one owner, never the
/// dead, and once the death is told the other one gets it.
fn rivals() {
    let (names, rooms) = (Names::new("names"), Rooms::new("rooms"));
    let (dying, rival) = (bearer(), bearer());
    let heir = heir(&names, &rooms, &dying);
    let threads = [&dying, &rival].map(|wanting| {
        let (names, wanting) = (names.clone(), wanting.clone());
        thread::spawn(move || names.register("name", &wanting).is_ok())
    });
    die(&**dying.cell(), boom());
    let [_, won] = threads.map(|thread| thread.join().unwrap());
    assert_eq!(downs(&heir, dying.pid()), [boom()]);
    let owner = names.whereis(&"name");
    assert_eq!(owner.is_some(), won);
    assert!(names.register("name", &rival).is_ok());
    assert_eq!(
        (names.whereis(&"name"), names.len()),
        (Some(rival.clone()), 1)
    );
    die(&**rival.cell(), ExitReason::Normal);
    assert!(names.is_empty());
    die(&*heir, ExitReason::Normal);
}

#[test]
fn of_two_rivals_the_living_gets_the_name_of_the_dead() {
    explore(rivals);
}
