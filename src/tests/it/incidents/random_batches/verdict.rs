//! What is right after a round, and what was found instead: compares answers and file with what was
//! submitted. And the ways to falsify a round, with which the comparison itself is tested.

use std::collections::{BTreeMap, HashMap};

use guildhall_protocol::{Code, Refusal};
use uuid::Uuid;

use super::super::second_writer::poisoned;

/// A way to be bad. Each has one cause, and one answer to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    Stale,
    Gone,
    TooLarge,
    Trigger,
    Unique,
    ForeignKey,
    Check,
}

impl Bad {
    /// The word in `refused_writes`.
    pub fn cause(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Gone => "gone",
            Self::TooLarge => "too_large",
            Self::Trigger => poisoned(),
            Self::Unique => "unique",
            Self::ForeignKey => "foreign_key",
            Self::Check => "check",
        }
    }

    /// What the owner is told.
    fn told(self) -> (Code, String) {
        let plain = |code: Code| (code, code.rule().to_owned());
        match self {
            Self::Stale => plain(Code::StaleVersion),
            Self::Gone => plain(Code::NotFound),
            Self::TooLarge => plain(Code::StateTooLarge),
            Self::Trigger | Self::Unique | Self::ForeignKey | Self::Check => (
                Code::RefusedByDatabase,
                format!("database.{}", self.cause()),
            ),
        }
    }
}

/// One write, what is to become of it, and what did.
#[derive(Clone, Debug)]
pub struct Trial {
    pub entity: Uuid,
    /// The version that it makes, 1 for what has none.
    pub version: u32,
    /// `None` for an innocent.
    pub bad: Option<Bad>,
    pub answer: Option<Result<u32, Refusal>>,
}

/// Version and state of everything that is saved, as it must be.
pub type Model = HashMap<Uuid, (u32, Vec<u8>)>;

/// What the file holds after a round.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub rows: HashMap<Uuid, (u32, Vec<u8>)>,
    /// Things made by changes.
    pub made: Vec<Uuid>,
    /// What was refused in the round: entity and cause.
    pub refused: Vec<(Uuid, String)>,
    /// Lines of history of the round that tell of something written.
    pub written: Vec<Uuid>,
}

/// Everything that is not as it must be, a sentence each.
pub fn objections(trials: &[Trial], model: &Model, file: &File) -> Vec<String> {
    let mut objections: Vec<_> = trials.iter().filter_map(wrong_answer).collect();
    for (entity, held) in model {
        if file.rows.get(entity) != Some(held) {
            objections.push(format!("{entity} is not as its last innocent save left it"));
        }
    }
    for trial in trials.iter().filter(|trial| trial.bad.is_none()) {
        let is_there = model.contains_key(&trial.entity) || file.made.contains(&trial.entity);
        if !is_there || !file.written.contains(&trial.entity) {
            objections.push(format!("{} is not in the file", trial.entity));
        }
    }
    let mut due = BTreeMap::<_, i64>::new();
    for trial in trials {
        if let Some(bad) = trial.bad {
            *due.entry((trial.entity, bad.cause())).or_default() += 1;
        }
    }
    for (entity, cause) in &file.refused {
        *due.entry((*entity, cause)).or_default() -= 1;
    }
    for ((entity, cause), left) in due {
        if left != 0 {
            objections.push(format!(
                "{entity}: {left} refusals with cause {cause} missing"
            ));
        }
    }
    objections
}

fn wrong_answer(trial: &Trial) -> Option<String> {
    let right = match (trial.bad, trial.answer.as_ref()?) {
        (None, Ok(version)) => *version == trial.version,
        (Some(bad), Err(refusal)) => (refusal.code, refusal.rule.clone()) == bad.told(),
        _ => false,
    };
    (!right).then(|| format!("{trial:?} was answered wrongly"))
}

type Alteration = fn(&mut Vec<Trial>, &mut Model, &mut File);

fn first(trials: &mut [Trial], bad: bool) -> &mut Trial {
    let mut trials = trials.iter_mut();
    trials.find(|trial| trial.bad.is_some() == bad).unwrap()
}

fn refused(file: &mut File) -> &mut (Uuid, String) {
    file.refused.first_mut().unwrap()
}

/// A round gone wrong, in every way that the promise knows.
pub const ALTERATIONS: &[(&str, Alteration)] = &[
    ("an innocent that was refused", |trials, _, _| {
        first(trials, false).answer = Some(Err(Refusal::new(Code::StaleVersion, "")));
    }),
    (
        "an innocent with the receipt of another version",
        |trials, _, _| {
            first(trials, false).version += 1;
        },
    ),
    ("a bad one that was taken", |trials, _, _| {
        first(trials, true).answer = Some(Ok(2));
    }),
    ("a bad one refused with another's cause", |trials, _, _| {
        first(trials, true).answer = Some(Err(Refusal::new(Code::NameTaken, "")));
    }),
    ("an innocent that was taken back", |_, _, file| {
        file.rows.values_mut().next().unwrap().0 -= 1;
    }),
    ("an innocent with another's state", |_, _, file| {
        file.rows.values_mut().next().unwrap().1.push(b' ');
    }),
    ("an innocent without a row", |_, _, file| {
        let entity = *file.rows.keys().next().unwrap();
        file.rows.remove(&entity);
    }),
    ("an innocent without history", |trials, _, file| {
        let entity = first(trials, false).entity;
        file.written.retain(|written| *written != entity);
    }),
    ("a refusal that was not recorded", |_, _, file| {
        file.refused.pop();
    }),
    ("a refusal recorded with another cause", |_, _, file| {
        refused(file).1 = "deadlock".to_owned();
    }),
    ("a refusal recorded for another", |_, _, file| {
        refused(file).0 = Uuid::nil();
    }),
    ("a refusal that was recorded twice", |_, _, file| {
        let twice = refused(file).clone();
        file.refused.push(twice);
    }),
];
