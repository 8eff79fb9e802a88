//! Doing an act: for the first time, judged, or again, from the record that was kept of it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::deed::{Deed, Hide, LabelOn, Reveal};
use super::judge::judge;
use super::limits::ActLimits;
use super::projection::{Key, Projection, Thing, seen_roll};
use super::refusal::ActRefusal;
use super::state::ActState;
use super::things::{Base, Roll};
use super::view::{ActView, Change, Gap, change_of, keep_roll};
use crate::dice::{Dice, Seed};
use crate::rights::Role;

/// Who acts, as the board's process knows it. No role is no member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    pub account: Uuid,
    pub role: Option<Role>,
}

/// What comes from outside the rules: chance and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Fresh from the system's random source for each act; kept only if the act is a roll.
    pub seed: Seed,
    /// Microseconds since 1970.
    pub at_us: i64,
}

/// An act as it is kept: all that is needed to do it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActRecord {
    pub seq: u64,
    /// How far the sequence that everybody sees was with it.
    pub open_seq: u64,
    /// The id that the client made.
    pub op: Uuid,
    /// The account that acted.
    pub by: Uuid,
    pub at_us: i64,
    pub deed: Deed,
    /// Of rolls only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
}

/// An act that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub record: ActRecord,
    /// As GMs see it.
    pub full: ActView,
    /// As everybody else sees it; `None` if there is nothing to see.
    pub open: Option<ActView>,
}

/// Why a record could not be done again. The state is as before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayFault {
    #[error(transparent)]
    Gap(#[from] Gap),
    /// The board under it is another than it was.
    #[error("act {seq} cannot be done again: {why}")]
    Refused { seq: u64, why: ActRefusal },
}

impl Applied {
    /// As this projection shows it.
    pub fn view(&self, projection: Projection) -> Option<&ActView> {
        match projection {
            Projection::Full => Some(&self.full),
            Projection::Open => self.open.as_ref(),
        }
    }
}

impl ActState {
    /// Judges an act and does it. What is refused changes nothing.
    pub fn apply(
        &mut self,
        base: &Base,
        actor: &Actor,
        (op, deed): (Uuid, Deed),
        drawn: &Drawn,
        limits: &ActLimits,
    ) -> Result<Applied, ActRefusal> {
        judge(self, base, actor, &deed, limits)?;
        let seed = matches!(deed, Deed::Roll { .. }).then_some(drawn.seed);
        self.perform(
            base,
            ActRecord {
                seq: self.seq.saturating_add(1),
                open_seq: self.open_seq,
                op,
                by: actor.account,
                at_us: drawn.at_us,
                deed,
                seed,
            },
        )
    }

    /// Does again what was done before, on the same base. Rights and limits are not asked: they held at the time.
    pub fn replay(&mut self, base: &Base, record: ActRecord) -> Result<Applied, ReplayFault> {
        let expected = self.seq.saturating_add(1);
        let seq = record.seq;
        if seq != expected {
            let found = seq;
            return Err(Gap { expected, found }.into());
        }
        self.perform(base, record)
            .map_err(|why| ReplayFault::Refused { seq, why })
    }

    fn perform(&mut self, base: &Base, mut record: ActRecord) -> Result<Applied, ActRefusal> {
        let [full, open] = self.differences(base, &record)?;
        let view = |seq, changes| ActView {
            seq,
            op: record.op,
            by: record.by,
            at_us: record.at_us,
            changes,
        };
        self.seq = record.seq;
        let full = view(self.seq, full);
        let open = (!open.is_empty()).then(|| {
            self.open_seq = self.open_seq.saturating_add(1);
            view(self.open_seq, open)
        });
        record.open_seq = self.open_seq;
        Ok(Applied { record, full, open })
    }

    /// Does it, and tells what became different in each projection.
    fn differences(
        &mut self,
        base: &Base,
        record: &ActRecord,
    ) -> Result<[Vec<Change>; 2], ActRefusal> {
        if let Some(roll) = roll_of(record)? {
            let seen = |projection| seen_roll(&roll, projection).map(Change::Rolled);
            let seen = Projection::ALL.map(|projection| seen(projection).into_iter().collect());
            keep_roll(&mut self.rolls, &mut self.secret_rolls, roll);
            return Ok(seen);
        }
        let keys = self.touched(base, &record.deed);
        let before = Projection::ALL.map(|projection| self.looks(base, &keys, projection));
        self.change(base, &record.deed)?;
        let mut before = before.into_iter();
        Ok(Projection::ALL.map(|projection| {
            let before = before.next().unwrap_or_default();
            let after = self.looks(base, &keys, projection);
            differing(&keys, before, after)
        }))
    }

    fn looks(&self, base: &Base, keys: &[Key], projection: Projection) -> Vec<Option<Thing>> {
        let look = |key: &Key| self.look(base, *key, projection);
        keys.iter().map(look).collect()
    }

    /// What may look different afterwards, the deed's own object first.
    fn touched(&self, base: &Base, deed: &Deed) -> Vec<Key> {
        let layer = |layer: Uuid| {
            let tokens = self.tokens_on(base, layer);
            let tokens = tokens.map(|(id, _)| Key::Token(id));
            std::iter::once(Key::Layer(layer)).chain(tokens).collect()
        };
        match deed {
            Deed::Place { token, .. }
            | Deed::Move { token, .. }
            | Deed::Rotate { token, .. }
            | Deed::Remove { token } => vec![Key::Token(*token)],
            Deed::Reveal { what } => match what {
                Reveal::Token(id) => vec![Key::Token(*id)],
                Reveal::Layer(id) => layer(*id),
                Reveal::Label(id) => vec![Key::Label(*id)],
                Reveal::Area { id, .. } => vec![Key::Area(*id)],
            },
            Deed::Hide { what } => match what {
                Hide::Token(id) => vec![Key::Token(*id)],
                Hide::Layer(id) => layer(*id),
                Hide::Label(id) => vec![Key::Label(*id)],
                Hide::Area(id) => vec![Key::Area(*id)],
            },
            Deed::Label { on, .. } => match on {
                LabelOn::Token(id) => vec![Key::Token(*id)],
                LabelOn::Board { label, .. } => vec![Key::Label(*label)],
            },
            Deed::Roll { .. } => Vec::new(),
        }
    }
}

/// The changes from `before` to `after`. The first key's is told even if it is none: whoever acted on what he sees
/// is to find his act in his sequence.
fn differing(keys: &[Key], before: Vec<Option<Thing>>, after: Vec<Option<Thing>>) -> Vec<Change> {
    let both = keys.iter().zip(before.into_iter().zip(after)).enumerate();
    let told =
        both.filter(|(at, (_, (before, after)))| before != after || (*at == 0 && after.is_some()));
    told.map(|(_, (key, (_, after)))| change_of(*key, after))
        .collect()
}

/// The roll, if the act is one.
fn roll_of(record: &ActRecord) -> Result<Option<Roll>, ActRefusal> {
    let Deed::Roll { dice, note, secret } = &record.deed else {
        return Ok(None);
    };
    let dice: Dice = dice.parse()?;
    let seed = record.seed.ok_or(ActRefusal::SeedMissing)?;
    Ok(Some(Roll {
        by: record.by,
        at_us: record.at_us,
        dice: dice.to_string(),
        note: note.clone(),
        secret: *secret,
        seed,
        rolled: dice.roll(&seed),
    }))
}
