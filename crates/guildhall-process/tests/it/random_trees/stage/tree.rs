//! Builds the real supervisors and child specifications of a case.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use guildhall_process::{AutoShutdown, ChildSpec, DynamicSupervisor, Shutdown, Supervisor};

use super::super::case::{Auto, Body, Dynamic, Id, Name, Spec, Stop};
use super::record::Record;
use super::worker::Worker;

pub fn supervisor(specs: &Arc<Vec<Spec>>, name: Name, record: &Record) -> Supervisor {
    let Body::Supervisor(spec) = &specs[usize::from(name)].body else {
        panic!("{name} is no supervisor");
    };
    let within = Duration::from_millis(spec.period_ms);
    let supervisor = Supervisor::new(spec.strategy)
        .intensity(spec.intensity, within)
        .auto_shutdown(auto_shutdown(spec.auto));
    let children = spec.children.iter();
    children.fold(supervisor, |supervisor, name| {
        supervisor.child(child(specs, *name, record))
    })
}

pub fn child(specs: &Arc<Vec<Spec>>, name: Name, record: &Record) -> ChildSpec {
    let (s, r, known) = (Arc::clone(specs), record.clone(), record.clone());
    let spec = &specs[usize::from(name)];
    // One supervisor starts its child, and knows it, before it starts it again.
    let made = Arc::new(Mutex::new(Id { name, n: 0 }));
    let start = {
        let (made, record) = (Arc::clone(&made), record.clone());
        move || *made.lock().unwrap() = record.start(name)
    };
    let made = move || *made.lock().unwrap();
    let child = match spec.body.clone() {
        Body::Worker(worker) => {
            ChildSpec::worker(name.to_string(), move || Worker::new(name, worker, &r))
        }
        Body::Supervisor(_) => ChildSpec::supervisor(name.to_string(), move || {
            start();
            supervisor(&s, name, &r)
        })
        .on_start(move |process| known.know_supervisor(made(), process)),
        Body::Dynamic(spec) => ChildSpec::dynamic(name.to_string(), move || {
            start();
            dynamic(&spec)
        })
        .on_start(move |process| known.know_dynamic(made(), process)),
    };
    let child = child.restart(spec.restart).significant(spec.significant);
    child.shutdown(shutdown(spec.stop))
}

fn dynamic(spec: &Dynamic) -> DynamicSupervisor {
    DynamicSupervisor::new()
        .intensity(spec.intensity, Duration::from_millis(spec.period_ms))
        .auto_shutdown(auto_shutdown(spec.auto))
        .shutdown(shutdown(spec.patience))
}

fn auto_shutdown(auto: Auto) -> AutoShutdown {
    match auto {
        Auto::Never => AutoShutdown::Never,
        Auto::Any => AutoShutdown::AnySignificant,
        Auto::All => AutoShutdown::AllSignificant,
    }
}

fn shutdown(stop: Stop) -> Shutdown {
    match stop {
        Stop::Brutally => Shutdown::BrutalKill,
        Stop::AfterMs(ms) => Shutdown::Timeout(Duration::from_millis(ms)),
        Stop::Infinity => Shutdown::Infinity,
    }
}
