//! Random lives of a journal beside a model of the database: after every crash, what was promised is
//! either committed or submitted again, and never both.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;

use guildhall_store::Journal;
use guildhall_store::journal::{Entry, Left};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use uuid::Uuid;

use super::{Place, entries, seqs, whole};

#[derive(Clone, Debug)]
enum Step {
    /// So many saves, of which one in three numbers is left out: a change.
    Append(u64),
    /// Of what waits, one of so many goes to the database.
    TakeOff(usize),
    /// The batch under way gets there.
    Commit,
    /// The server hears of it.
    Land,
    /// The process dies; with `true` the files are copied before it could close them.
    Crash(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..12_u64).prop_map(Step::Append),
        (1..4_usize).prop_map(Step::TakeOff),
        Just(Step::Commit),
        Just(Step::Land),
        any::<bool>().prop_map(Step::Crash),
    ]
}

/// How a start makes of what was left what is submitted again.
type Rule = fn(&mut Journal, Left, &HashSet<Uuid>) -> Vec<Entry>;

fn ours(journal: &mut Journal, left: Left, committed: &HashSet<Uuid>) -> Vec<Entry> {
    let is_in = |batch| Ok::<_, Infallible>(committed.contains(&batch));
    journal.replay(left, is_in).unwrap()
}

/// Wrong: whatever took off is taken for committed.
fn trusts_every_flight(journal: &mut Journal, left: Left, _: &HashSet<Uuid>) -> Vec<Entry> {
    journal.replay(left, |_| Ok::<_, Infallible>(true)).unwrap()
}

/// Wrong: nothing is taken for committed.
fn trusts_no_flight(journal: &mut Journal, left: Left, _: &HashSet<Uuid>) -> Vec<Entry> {
    journal
        .replay(left, |_| Ok::<_, Infallible>(false))
        .unwrap()
}

struct Life {
    place: Place,
    /// `None` for a moment only.
    journal: Option<Journal>,
    promised: BTreeMap<u64, Entry>,
    waiting: Vec<u64>,
    under_way: Option<(Uuid, Vec<u64>)>,
    batches: HashSet<Uuid>,
    in_database: HashSet<u64>,
    made: u128,
}

impl Life {
    fn new() -> Self {
        let place = Place::new();
        let journal = Some(place.open().0);
        Self {
            place,
            journal,
            promised: BTreeMap::new(),
            waiting: Vec::new(),
            under_way: None,
            batches: HashSet::new(),
            in_database: HashSet::new(),
            made: 0,
        }
    }

    fn journal(&mut self) -> &mut Journal {
        self.journal.as_mut().unwrap()
    }

    fn step(&mut self, step: &Step, rule: Rule) -> Result<(), TestCaseError> {
        match step {
            Step::Append(count) => self.append(*count),
            Step::TakeOff(share) if self.under_way.is_none() => self.take_off(*share),
            Step::TakeOff(_) => {}
            Step::Commit => self.commit(),
            Step::Land => self.land(),
            Step::Crash(copied) => self.crash(*copied, rule)?,
        }
        Ok(())
    }

    fn append(&mut self, count: u64) {
        let first = self.journal().next_seq();
        let seqs = (first..first + count).filter(|seq| seq % 3 != 0);
        let group = entries(seqs, 300);
        self.journal().append(&group).unwrap();
        self.waiting.extend(super::seqs(&group));
        let promised = group.into_iter().map(|entry| (entry.seq, entry));
        self.promised.extend(promised);
    }

    fn take_off(&mut self, share: usize) {
        let (taken, left): (Vec<_>, Vec<_>) = self
            .waiting
            .drain(..)
            .enumerate()
            .partition(|(at, _)| at % share == 0);
        self.waiting = left.into_iter().map(|(_, seq)| seq).collect();
        let taken: Vec<u64> = taken.into_iter().map(|(_, seq)| seq).collect();
        self.made += 1;
        let batch = Uuid::from_u128(self.made);
        let with_changes: Vec<u64> = taken.iter().flat_map(|seq| [*seq, seq * 3]).collect();
        self.journal().take_off(batch, &with_changes).unwrap();
        self.under_way = Some((batch, with_changes));
    }

    fn commit(&mut self) {
        let Some((batch, seqs)) = &self.under_way else {
            return;
        };
        self.batches.insert(*batch);
        let saves = seqs.iter().filter(|seq| self.promised.contains_key(*seq));
        self.in_database.extend(saves);
    }

    fn land(&mut self) {
        let committed = |(batch, _): &mut (Uuid, Vec<u64>)| self.batches.contains(batch);
        if let Some((batch, _)) = self.under_way.take_if(committed) {
            self.journal().landed(batch);
        }
    }

    fn crash(&mut self, copied: bool, rule: Rule) -> Result<(), TestCaseError> {
        let copy = copied.then(|| self.place.copy());
        self.journal = None;
        self.place = copy.unwrap_or_else(|| self.place.copy());
        let (mut journal, left) = self.place.open();
        let again = rule(&mut journal, left, &self.batches);
        let owed = self.promised.values();
        let owed: Vec<Entry> = owed
            .filter(|entry| !self.in_database.contains(&entry.seq))
            .cloned()
            .collect();
        prop_assert_eq!(whole(&again), whole(&owed));
        self.waiting = seqs(&again);
        self.under_way = None;
        self.journal = Some(journal);
        Ok(())
    }
}

fn live(steps: &[Step], rule: Rule) -> Result<(), TestCaseError> {
    let mut life = Life::new();
    for step in steps {
        life.step(step, rule)?;
    }
    life.crash(true, rule)?;
    life.crash(false, rule)
}

fn run(rule: Rule) -> Result<(), TestError<Vec<Step>>> {
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    TestRunner::new(config).run(&vec(step(), 1..40), |steps| live(&steps, rule))
}

#[test]
fn in_random_lives_every_promise_is_kept_once() {
    if let Err(error) = run(ours) {
        panic!("{error}");
    }
}

/// The positive control: wrong rules are found, one by its losses, one by its repetitions.
#[test]
fn a_wrong_rule_is_found() {
    for rule in [trusts_every_flight as Rule, trusts_no_flight] {
        assert!(matches!(run(rule), Err(TestError::Fail(..))));
    }
}
