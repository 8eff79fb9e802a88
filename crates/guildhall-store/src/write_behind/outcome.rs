//! What became of a write.

use bytes::Bytes;
use guildhall_rules::rights;

/// The answer to one submitted write, given only after its transaction was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Committed. `version` is the entity's version by this write; for a board its revision,
    /// for a campaign its rights epoch, for a group that of its first member, 1 for what has no
    /// versions.
    Durable { version: u32 },
    /// Not written, alone of its batch; recorded in `refused_writes` with its payload.
    Refused(WriteRefusal),
}

impl Outcome {
    /// Whether the write is committed.
    pub fn is_durable(&self) -> bool {
        matches!(self, Self::Durable { .. })
    }
}

/// Why one write was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteRefusal {
    pub cause: Cause,
    /// The constraint's name, or for a unique one its columns, as the database tells it.
    pub constraint: Option<String>,
    /// A sentence for a person.
    pub detail: String,
    /// What the database holds after this batch; `None` when there is no such thing, or what is
    /// there cannot be read.
    pub present: Option<Present>,
    /// The same for the other saves of a group; `present` is that of its first.
    pub beside: Option<Box<Beside>>,
    /// The side revision under which a board's content was kept although its head did not move.
    pub kept_as: Option<u32>,
}

/// The row of an entity as it is. For a board only `version` says something: its head, 0 when
/// it has none; likewise the rights epoch of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    pub version: u32,
    pub schema_version: u16,
    pub state: Bytes,
}

/// What the database holds of the second save of a group and of those after it, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside(pub Vec<Option<Present>>);

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Taken by another: a name, a login, a second membership.
    Unique,
    /// A bound of the schema.
    Check,
    /// It refers to something that is not there.
    ForeignKey,
    NotNull,
    /// Based on a version that is not the present one.
    Stale,
    /// Saved under a play epoch that is over: somebody else plays the character now.
    Fenced,
    /// Who asked for it may not do it any more; the constraint is the rule of the right.
    Denied,
    /// What it would change does not exist.
    Gone,
    /// What it would take lies in escrow no more: another save took it.
    Taken,
    /// There are as many as may be; the constraint is the limit's name.
    Limit,
    /// Longer than [`crate::STATE_BYTES_MAX`].
    TooLarge,
    /// A rule inside the database said no.
    Trigger,
    /// The database failed at this write again and again, for a reason that nobody can tell and
    /// that is not known to lie with its disk or its locks: kept aside so that it blocks nobody.
    Held,
}

impl Cause {
    /// All causes.
    pub const ALL: [Self; 13] = [
        Self::Unique,
        Self::Check,
        Self::ForeignKey,
        Self::NotNull,
        Self::Stale,
        Self::Fenced,
        Self::Denied,
        Self::Gone,
        Self::Taken,
        Self::Limit,
        Self::TooLarge,
        Self::Trigger,
        Self::Held,
    ];

    /// The stable word for it, in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unique => "unique",
            Self::Check => "check",
            Self::ForeignKey => "foreign_key",
            Self::NotNull => "not_null",
            Self::Stale => "stale",
            Self::Fenced => "fenced",
            Self::Denied => "denied",
            Self::Gone => "gone",
            Self::Taken => "taken",
            Self::Limit => "limit",
            Self::TooLarge => "too_large",
            Self::Trigger => "trigger",
            Self::Held => "held",
        }
    }

    /// The cause behind a word; a word of a newer program counts as [`Cause::Trigger`].
    pub(crate) fn from_word(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|cause| cause.as_str() == word)
            .unwrap_or(Self::Trigger)
    }
}

impl WriteRefusal {
    /// A refusal without a constraint and without a present row.
    pub(crate) fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self {
            cause,
            constraint: None,
            detail: detail.into(),
            present: None,
            beside: None,
            kept_as: None,
        }
    }

    /// There are as many as this limit allows.
    pub(crate) fn limit(name: &str, detail: impl Into<String>) -> Self {
        Self {
            constraint: Some(name.to_owned()),
            ..Self::new(Cause::Limit, detail)
        }
    }

    /// Who asked for it may not do it any more.
    pub(crate) fn denied(denied: rights::Denied) -> Self {
        Self {
            constraint: Some(denied.rule.to_owned()),
            ..Self::new(Cause::Denied, denied.sentence)
        }
    }

    /// The refusal as it concerns one save of a group, by its place among the saves.
    #[must_use]
    pub fn of_save(&self, at: usize) -> Self {
        let present = match at.checked_sub(1) {
            None => self.present.clone(),
            Some(at) => {
                let beside = self.beside.as_deref();
                beside.and_then(|it| it.0.get(at)?.clone())
            }
        };
        Self {
            present,
            beside: None,
            ..self.clone()
        }
    }

    /// With the rows of a group as they are, in the order of its saves.
    pub(crate) fn showing(self, rows: Vec<Option<Present>>) -> Self {
        let mut rows = rows.into_iter();
        let present = rows.next().flatten();
        let others: Vec<_> = rows.collect();
        let beside = (!others.is_empty()).then(|| Box::new(Beside(others)));
        Self {
            present,
            beside,
            ..self
        }
    }

    /// What it would change is not there.
    pub(crate) fn gone(detail: impl Into<String>) -> Self {
        Self::new(Cause::Gone, detail)
    }
}

impl Present {
    /// The version of something whose content is not the engine's business.
    pub(crate) fn version_only(version: u32) -> Self {
        Self {
            version,
            schema_version: 0,
            state: Bytes::new(),
        }
    }
}
