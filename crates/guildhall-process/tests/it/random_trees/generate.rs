//! Random cases: trees of at most three levels of supervisors, and steps of one or two operations.

use guildhall_process::{Restart, Strategy as Restarts};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::case::{
    Auto, Body, Case, Deed, Dynamic, Name, Op, Request, Spec, Stop, Supervisor, Why, Worker,
};

const LEVELS: u32 = 3;
/// Workers that nobody starts unless asked.
const EXTRAS: usize = 2;
const STEPS_MAX: usize = 8;

/// A specification whose children have no names yet.
#[derive(Clone, Debug)]
struct Node {
    spec: Spec,
    children: Vec<Node>,
}

pub fn cases() -> impl Strategy<Value = Case> {
    let extras = vec(worker(), EXTRAS);
    let steps = vec(vec(op(), 1..3), 1..STEPS_MAX);
    (supervisor(LEVELS), extras, steps).prop_map(|(root, extras, steps)| {
        let mut specs = Vec::new();
        flatten(root, Auto::Never, &mut specs);
        for extra in extras {
            flatten(extra, Auto::Never, &mut specs);
        }
        let (parents, dynamic) = (parents(&specs), dynamics(&specs));
        let named = |op| name(op, &parents, &dynamic);
        let steps = steps.into_iter();
        let steps = steps.map(|step| step.into_iter().map(named).collect());
        let first = dynamic.iter().flat_map(|name| starts(*name, &specs));
        let steps = std::iter::once(first.collect()).chain(steps);
        Case {
            steps: steps.collect(),
            specs,
        }
    })
}

fn restart() -> impl Strategy<Value = Restart> {
    select(vec![
        Restart::Permanent,
        Restart::Transient,
        Restart::Temporary,
    ])
}

fn worker() -> impl Strategy<Value = Node> {
    let fails =
        prop_oneof![8 => Just(0), 3 => (0..16_u8).prop_map(|bits| bits << 1), 1 => any::<u8>()];
    let stop = prop_oneof![
        1 => Just(Stop::Brutally),
        4 => Just(Stop::AfterMs(10)),
        1 => Just(Stop::Infinity),
    ];
    (
        restart(),
        any::<bool>(),
        stop,
        any::<bool>(),
        prop::bool::weighted(0.2),
        fails,
    )
        .prop_map(|(restart, significant, stop, trap, stubborn, fails)| {
            let stubborn = stubborn && trap;
            let stop = match stop {
                Stop::Infinity if stubborn => Stop::AfterMs(10),
                other => other,
            };
            let body = Body::Worker(Worker {
                trap,
                stubborn,
                fails,
            });
            let spec = Spec {
                restart,
                significant,
                stop,
                body,
            };
            Node {
                spec,
                children: Vec::new(),
            }
        })
}

fn supervisor(levels: u32) -> BoxedStrategy<Node> {
    let child = match levels {
        0 | 1 => worker().boxed(),
        more => prop_oneof![4 => worker(), 2 => supervisor(more - 1), 1 => dynamic()].boxed(),
    };
    let strategies = vec![
        Restarts::OneForOne,
        Restarts::OneForAll,
        Restarts::RestForOne,
    ];
    let stop = prop_oneof![
        1 => Just(Stop::Brutally),
        1 => Just(Stop::AfterMs(10)),
        6 => Just(Stop::Infinity),
    ];
    let limits = (0..4_u32, select(vec![1500, 3500, 7500]));
    let auto = select(AUTO.to_vec());
    let shape = (select(strategies), limits, auto, vec(child, 1..5));
    (restart(), any::<bool>(), stop, shape)
        .prop_map(
            |(restart, significant, stop, (strategy, limits, auto, children))| {
                let (intensity, period_ms) = limits;
                let body = Body::Supervisor(Supervisor {
                    strategy,
                    intensity,
                    period_ms,
                    auto,
                    children: Vec::new(),
                });
                let spec = Spec {
                    restart,
                    significant,
                    stop,
                    body,
                };
                Node { spec, children }
            },
        )
        .boxed()
}

fn dynamic() -> impl Strategy<Value = Node> {
    let auto = select(AUTO.to_vec());
    let patience = select(vec![Stop::Brutally, Stop::AfterMs(10)]);
    let limits = (0..4_u32, select(vec![1500, 3500, 7500]));
    let shape = (limits, auto, patience, vec(worker(), 1..4));
    (restart(), any::<bool>(), shape).prop_map(|(restart, significant, shape)| {
        let ((intensity, period_ms), auto, patience, children) = shape;
        let body = Body::Dynamic(Dynamic {
            intensity,
            period_ms,
            auto,
            patience,
            children: Vec::new(),
        });
        let spec = Spec {
            restart,
            significant,
            stop: Stop::Infinity,
            body,
        };
        Node { spec, children }
    })
}

/// Gives names; `auto` is the parent's, and says whether a significant child is allowed.
fn flatten(node: Node, auto: Auto, specs: &mut Vec<Spec>) -> Name {
    let place = specs.len();
    let mut spec = node.spec;
    spec.significant &= auto != Auto::Never && spec.restart != Restart::Permanent;
    specs.push(spec);
    let own = match &specs[place].body {
        Body::Supervisor(supervisor) => supervisor.auto,
        _ => Auto::Never,
    };
    let children = node.children.into_iter();
    let names: Vec<_> = children.map(|child| flatten(child, own, specs)).collect();
    match &mut specs[place].body {
        Body::Supervisor(supervisor) => supervisor.children = names,
        Body::Dynamic(dynamic) => dynamic.children = names,
        Body::Worker(_) => {}
    }
    Name::try_from(place).unwrap()
}

/// Whose child each name is; the extras are nobody's.
fn parents(specs: &[Spec]) -> Vec<Option<Name>> {
    let mut parents = vec![None; specs.len()];
    for (place, spec) in specs.iter().enumerate() {
        let children = match &spec.body {
            Body::Supervisor(supervisor) => supervisor.children.as_slice(),
            Body::Dynamic(dynamic) => dynamic.children.as_slice(),
            Body::Worker(_) => &[],
        };
        for child in children {
            parents[usize::from(*child)] = Name::try_from(place).ok();
        }
    }
    parents
}

/// Requests for the children that a dynamic supervisor has from the beginning.
fn starts(name: Name, specs: &[Spec]) -> Vec<Op> {
    let children = match &specs[usize::from(name)].body {
        Body::Dynamic(dynamic) => dynamic.children.as_slice(),
        _ => &[],
    };
    let start = |child: &Name| Op::Ask(name, Request::Start, *child);
    children.iter().map(start).collect()
}

fn dynamics(specs: &[Spec]) -> Vec<Name> {
    let all = specs.iter().enumerate();
    let dynamic = all.filter(|(_, spec)| matches!(spec.body, Body::Dynamic(_)));
    dynamic
        .filter_map(|(place, _)| Name::try_from(place).ok())
        .collect()
}

fn why() -> impl Strategy<Value = Why> {
    select(vec![
        Why::Normal,
        Why::Shutdown,
        Why::ShutdownWith,
        Why::Kill,
        Why::Boom,
    ])
}

fn op() -> impl Strategy<Value = Op> {
    // Small numbers, most of which still mean the same when a case shrinks.
    let any_name = || 0..16_u8;
    let deed = prop_oneof![
        3 => why().prop_map(Deed::Exit),
        2 => Just(Deed::Panic),
        4 => any_name().prop_map(Deed::Link),
        1 => any_name().prop_map(Deed::Unlink),
        3 => any_name().prop_map(Deed::Monitor),
    ];
    let request = select(REQUESTS.to_vec());
    prop_oneof![
        4 => (any_name(), why()).prop_map(|(to, why)| Op::Exit(None, to, why)),
        2 => (any_name(), any_name(), why()).prop_map(|(by, to, why)| Op::Exit(Some(by), to, why)),
        6 => (any_name(), deed).prop_map(|(who, deed)| Op::Do(who, deed)),
        3 => (any_name(), request, any_name()).prop_map(|(who, what, child)| Op::Ask(who, what, child)),
        1 => (1..6_u64).prop_map(|s| Op::AdvanceMs(1000 * s)),
    ]
}

const AUTO: [Auto; 3] = [Auto::Never, Auto::Any, Auto::All];
const REQUESTS: [Request; 4] = [
    Request::Terminate,
    Request::Restart,
    Request::Delete,
    Request::Start,
];

/// Any number becomes a name of the tree; most requests go to the child's own supervisor
/// or to a dynamic one.
fn name(op: Op, parents: &[Option<Name>], dynamic: &[Name]) -> Op {
    let len = Name::try_from(parents.len()).unwrap();
    let fit = |name: Name| name % len;
    match op {
        Op::Exit(from, to, why) => Op::Exit(from.map(fit), fit(to), why),
        Op::Do(who, deed) => Op::Do(
            fit(who),
            match deed {
                Deed::Link(to) => Deed::Link(fit(to)),
                Deed::Unlink(to) => Deed::Unlink(fit(to)),
                Deed::Monitor(of) => Deed::Monitor(fit(of)),
                other => other,
            },
        ),
        Op::Ask(who, request, child) => {
            let parent = parents[usize::from(fit(child))];
            let who = match (who % 8, parent, dynamic) {
                (0, ..) | (_, None, []) => fit(who),
                (1..4, _, [some, ..]) | (_, None, [some, ..]) => *some,
                (_, Some(parent), _) => parent,
            };
            Op::Ask(who, request, fit(child))
        }
        Op::AdvanceMs(ms) => Op::AdvanceMs(ms),
    }
}
