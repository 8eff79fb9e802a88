//! Process groups: membership counts, monitors hear one story, the dead have left.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

use guildhall_process::{
    Ctx, DeadMember, ExitReason, GroupChange, GroupEvent, GroupMonitor, Groups, Handle, Pid,
    ProcRef, Process, SendError, Spawn, exit, process_info, spawn, watch,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::kit::{ask, death, probe, run, soon};

type Parties = Groups<u8, Member>;
type Heard = (GroupMonitor, u8, GroupChange, Pid);

struct Member(UnboundedSender<Heard>);

#[derive(Clone)]
struct Note(u32);

impl Process for Member {
    const KIND: &'static str = "member";
    const MAILBOX_MAX: usize = 2;
}

impl Handle<GroupEvent<u8, Member>> for Member {
    fn handle(&mut self, event: GroupEvent<u8, Member>, _ctx: &mut Ctx<Self>) {
        let heard = (
            event.monitor,
            *event.group,
            event.change,
            event.member.pid(),
        );
        self.0.send(heard).unwrap();
    }
}

impl Handle<Note> for Member {
    fn handle(&mut self, _note: Note, _ctx: &mut Ctx<Self>) {}
}

fn member() -> (ProcRef<Member>, UnboundedReceiver<Heard>) {
    let (tx, rx) = unbounded_channel();
    (spawn(Spawn::new(), move || Member(tx)), rx)
}

async fn kill(process: &ProcRef<Member>) {
    let down = watch(process.pid());
    exit(process.pid(), ExitReason::Kill);
    soon(down).await;
}

#[test]
fn whoever_joins_twice_is_a_member_twice_and_leaves_twice() {
    run(async {
        let parties = Parties::new("parties");
        let ((ada, _), (bob, _)) = (member(), member());
        for member in [&bob, &ada, &bob] {
            parties.join(1, member).unwrap();
        }
        assert_eq!(parties.members(&1), [bob.clone(), ada.clone(), bob.clone()]);
        let groups = process_info(bob.pid()).unwrap().groups;
        assert_eq!(groups, ["parties:1", "parties:1"]);
        assert!(parties.leave(&1, bob.pid()));
        assert_eq!(parties.members(&1), [ada.clone(), bob.clone()]);
        assert!(parties.leave(&1, bob.pid()));
        assert!(!parties.leave(&1, bob.pid()) && !parties.leave(&2, ada.pid()));
        assert_eq!(parties.which_groups(), [1]);
        assert!(parties.leave(&1, ada.pid()));
        assert!(parties.which_groups().is_empty());
        assert!(process_info(ada.pid()).unwrap().groups.is_empty());
    });
}

#[test]
fn the_dead_cannot_join_and_leave_nothing_behind() {
    run(async {
        let parties = Parties::new("parties");
        let (ada, _) = member();
        kill(&ada).await;
        assert_eq!(parties.join(1, &ada), Err(DeadMember(ada.pid())));
        let (_, members) = parties.monitor(1, &ada);
        assert!(members.is_empty());
        assert!(parties.which_groups().is_empty());
    });
}

#[test]
fn a_member_has_left_every_group_when_the_down_arrives() {
    run(async {
        let parties = Parties::new("parties");
        for round in 0..2_000 {
            let (ada, _rx) = member();
            for group in [1, 2, 2] {
                parties.join(group, &ada).unwrap();
            }
            kill(&ada).await;
            assert!(parties.which_groups().is_empty(), "round {round}");
        }
    });
}

#[test]
fn a_broadcast_names_those_who_have_refused_it_and_gives_their_copies_back() {
    run(async {
        let parties = Parties::new("parties");
        let ((free, _), (full, _)) = (member(), member());
        for member in [&free, &full] {
            parties.join(1, member).unwrap();
        }
        full.tell(Note(0)).unwrap();
        full.tell(Note(0)).unwrap();
        let refused = parties.broadcast(&1, &Note(7));
        assert_eq!(refused.len(), 1);
        let (who, SendError::Full(Note(7))) = &refused[0] else {
            panic!("{refused:?}");
        };
        assert_eq!(who, &full);
        assert!(parties.broadcast(&2, &Note(7)).is_empty());
    });
}

#[test]
fn a_monitor_that_is_ended_and_one_whose_owner_is_dead_are_forgotten() {
    run(async {
        let parties = Parties::new("parties");
        let (ada, mut heard) = member();
        let (bob, _rx) = member();
        let (first, members) = parties.monitor(1, &ada);
        assert!(members.is_empty());
        let (second, _) = parties.monitor(1, &ada);
        assert_ne!(first, second);
        parties.join(1, &bob).unwrap();
        for monitor in [first, second] {
            let event = soon(heard.recv()).await.unwrap();
            assert_eq!(event, (monitor, 1, GroupChange::Joined, bob.pid()));
        }
        parties.demonitor(first, &ada);
        parties.demonitor(first, &ada);
        kill(&bob).await;
        let event = soon(heard.recv()).await.unwrap();
        assert_eq!(event, (second, 1, GroupChange::Left, bob.pid()));
        kill(&ada).await;
        // The group itself is gone with its last monitor: nobody would hear of it.
        assert!(parties.which_groups().is_empty());
        assert!(heard.recv().await.is_none());
    });
}

/// Members at the subscription, and what was heard since, as counts.
fn replay(start: Vec<ProcRef<Member>>, heard: &[Heard]) -> BTreeMap<Pid, i32> {
    let mut counts = BTreeMap::new();
    for member in start {
        *counts.entry(member.pid()).or_default() += 1;
    }
    for (_, _, change, pid) in heard {
        let count: &mut i32 = counts.entry(*pid).or_default();
        *count += if *change == GroupChange::Joined {
            1
        } else {
            -1
        };
        assert!(*count >= 0, "someone has left who was not there");
    }
    counts.retain(|_, count| *count > 0);
    counts
}

#[test]
fn a_subscription_amid_joins_and_leaves_from_other_threads_misses_nothing() {
    const THREADS: usize = 3;
    const ROUNDS: usize = 200;
    run(async {
        for round in 0..ROUNDS {
            let parties = Parties::new("parties");
            let gate = Arc::new(Barrier::new(THREADS + 1));
            let members: Vec<_> = (0..THREADS).map(|_| member().0).collect();
            let threads: Vec<_> = members
                .iter()
                .map(|member| {
                    let (parties, gate, member) =
                        (parties.clone(), Arc::clone(&gate), member.clone());
                    std::thread::spawn(move || {
                        gate.wait();
                        for _ in 0..5 {
                            parties.join(1, &member).unwrap();
                            parties.join(1, &member).unwrap();
                            parties.leave(&1, member.pid());
                        }
                    })
                })
                .collect();
            let (subscriber, mut heard) = member();
            gate.wait();
            let (_, start) = parties.monitor(1, &subscriber);
            for thread in threads {
                thread.join().unwrap();
            }
            let total = THREADS * 5;
            assert_eq!(parties.members(&1).len(), total);
            let (last, _rx) = member();
            parties.join(1, &last).unwrap();
            let mut events = Vec::new();
            while events
                .last()
                .is_none_or(|(_, _, _, pid)| *pid != last.pid())
            {
                events.push(soon(heard.recv()).await.unwrap());
            }
            let counts = replay(start, &events);
            let expected = members.iter().map(|member| (member.pid(), 5));
            let expected = expected.chain([(last.pid(), 1)]).collect();
            assert_eq!(counts, expected, "round {round}");
            assert!(heard.try_recv().is_err(), "more than happened");
        }
    });
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Join(u8, usize),
    Leave(u8, usize),
    Monitor(u8),
    Kill(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..2_u8, 0..3_usize).prop_map(|(group, n)| Step::Join(group, n)),
        2 => (0..2_u8, 0..3_usize).prop_map(|(group, n)| Step::Leave(group, n)),
        1 => (0..2_u8).prop_map(Step::Monitor),
        1 => (0..3_usize).prop_map(Step::Kill),
    ];
    prop::collection::vec(step, 1..40)
}

/// One monitor, and what it should have heard.
type Expected = BTreeMap<GroupMonitor, (u8, Vec<(GroupChange, Pid)>)>;

fn note(expected: &mut Expected, group: u8, change: GroupChange, pid: Pid) {
    for (monitored, events) in expected.values_mut() {
        if *monitored == group {
            events.push((change, pid));
        }
    }
}

async fn holds(steps: Vec<Step>) {
    let parties = Parties::new("parties");
    let mut processes: Vec<_> = (0..3).map(|_| member().0).collect();
    let (subscriber, mut heard) = member();
    let mut model: BTreeMap<u8, Vec<Pid>> = BTreeMap::new();
    let mut expected = Expected::new();
    for step in steps {
        match step {
            Step::Join(group, n) => {
                let pid = processes[n].pid();
                parties.join(group, &processes[n]).unwrap();
                model.entry(group).or_default().push(pid);
                note(&mut expected, group, GroupChange::Joined, pid);
            }
            Step::Leave(group, n) => {
                let pid = processes[n].pid();
                let members = model.entry(group).or_default();
                let seat = members.iter().position(|member| *member == pid);
                assert_eq!(parties.leave(&group, pid), seat.is_some());
                if let Some(seat) = seat {
                    members.remove(seat);
                    note(&mut expected, group, GroupChange::Left, pid);
                }
            }
            Step::Monitor(group) => {
                let (monitor, members) = parties.monitor(group, &subscriber);
                let members: Vec<_> = members.iter().map(ProcRef::pid).collect();
                assert_eq!(members, model.get(&group).cloned().unwrap_or_default());
                expected.insert(monitor, (group, Vec::new()));
            }
            Step::Kill(n) => {
                let dead = std::mem::replace(&mut processes[n], member().0);
                kill(&dead).await;
                for (group, members) in &mut model {
                    let before = members.len();
                    members.retain(|member| *member != dead.pid());
                    for _ in members.len()..before {
                        note(&mut expected, *group, GroupChange::Left, dead.pid());
                    }
                }
            }
        }
        for (group, pids) in &model {
            let members: Vec<_> = parties.members(group).iter().map(ProcRef::pid).collect();
            assert_eq!(&members, pids);
        }
    }
    let wanted: usize = expected.values().map(|(_, events)| events.len()).sum();
    let mut told = Expected::new();
    for _ in 0..wanted {
        let (monitor, group, change, pid) = soon(heard.recv()).await.unwrap();
        let story = told.entry(monitor).or_insert((group, Vec::new()));
        story.1.push((change, pid));
    }
    expected.retain(|_, (_, events)| !events.is_empty());
    assert_eq!(told, expected);
    assert!(heard.try_recv().is_err());
}

#[test]
fn groups_and_their_monitors_agree_with_a_model_whatever_dies() {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(500)
    };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        run(holds(steps));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn a_group_is_left_by_a_member_that_dies_while_it_is_asked() {
    run(async {
        let groups: Groups<u8, crate::kit::Probe> = Groups::new("groups");
        let (process, _events) = probe(false).await;
        let joined = groups.clone();
        ask(&process, move |_, ctx| joined.join(1, &ctx.me()).unwrap()).await;
        process
            .tell(crate::kit::act(|_, _| panic!("bang")))
            .unwrap();
        death(process.pid()).await;
        assert!(groups.members(&1).is_empty());
    });
}
