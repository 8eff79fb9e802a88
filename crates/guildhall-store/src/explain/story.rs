//! From rows to sentences. Pure: the same rows tell the same story.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::Kind;
use super::facts::{BatchFacts, Entity, EscrowFact, Facts, LineFact, NameFact, RefusalFact};
use super::words::{count, is_refusal, reason, time, who};
use crate::changes::NEVER_IN_A_STATE;

/// What happened, in order, and what that comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Story {
    /// What was asked, as one line.
    pub about: String,
    /// Whether anything is known of it.
    pub found: bool,
    /// Oldest first.
    pub events: Vec<Event>,
    /// How things stand, and what can be done.
    pub now: Vec<String>,
    /// Versions whose states can be put back, oldest first.
    pub restorable: Vec<i64>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Event {
    /// Microseconds since 1970.
    pub at_us: i64,
    pub sentence: String,
}

type Logins = BTreeMap<String, String>;

/// Tells the story of the facts.
#[must_use]
pub fn tell(facts: &Facts) -> Story {
    let (kind, id) = match &facts.asked {
        Some((kind, id)) => (kind.as_str(), id.as_str()),
        None => ("thing", ""),
    };
    let mut story = Story {
        about: format!("{kind} {id}"),
        ..Story::default()
    };
    for name in &facts.names {
        story.now.push(holds(name));
    }
    for name in &facts.look_alikes {
        story
            .now
            .push(format!("It looks like another name. {}", holds(name)));
    }
    for entity in &facts.entities {
        tell_entity(entity, &facts.logins, &mut story);
    }
    if let Some(batch) = &facts.batch {
        tell_batch(batch, &facts.logins, &mut story);
    }
    story.found |= !facts.names.is_empty() || !facts.look_alikes.is_empty();
    story.events.sort_by_key(|event| event.at_us);
    if !story.found {
        let kept = "no row, no history, no refused write. Check the id, and whether this is the right database.";
        story
            .now
            .insert(0, format!("Nothing is known of {}: {kept}", story.about));
    }
    story
}

fn tell_entity(entity: &Entity, logins: &Logins, story: &mut Story) {
    let known = entity.present.is_some() || !entity.lines.is_empty();
    story.found |= known || !entity.refusals.is_empty();
    let mut tell = |at_us, sentence| story.events.push(Event { at_us, sentence });
    for line in entity.lines.iter().filter(|line| !is_refusal(&line.cause)) {
        tell(line.at, line_sentence(line, logins));
    }
    for refusal in &entity.refusals {
        tell(refusal.at, refusal_sentence(refusal, logins));
    }
    for escrow in &entity.escrows {
        tell_escrow(escrow, logins, &mut tell);
    }
    for line in &entity.ledger {
        let by = who(&line.account, None, logins);
        let note = &line.note;
        tell(
            line.at,
            format!(
                "The ledger says of version {}: {note:?}, by {by}.",
                line.version
            ),
        );
    }
    if !story.found {
        return;
    }
    if entity.lines_left_out {
        story.now.push(format!(
            "Only the newest {} lines are told.",
            entity.lines.len()
        ));
    }
    tell_now(entity, logins, story);
}

/// The sentence of a line that tells of no refusal.
fn line_sentence(line: &LineFact, logins: &Logins) -> String {
    let by = who(&line.account, line.session.as_deref(), logins);
    let (version, batch) = (line.version, line.batch);
    match line.cause.as_str() {
        "created" => format!("Made by {by}, in batch {batch}."),
        "saved" => format!("Version {version} was saved by {by}, in batch {batch}."),
        "restored" => {
            format!("Put back to an earlier state by {by}, as version {version}, in batch {batch}.")
        }
        "kept" => format!(
            "What was there, version {version}, was kept in the history before it was put back."
        ),
        "renamed" => format!("Given another name by {by}, in batch {batch}."),
        "played" => format!("Played by {by} from here on, in batch {batch}."),
        "ranked" => format!("{by} changed a rank, in batch {batch}."),
        "disbanded" => format!("Disbanded by {by}, in batch {batch}."),
        "revived" => format!("Revived by {by}, in batch {batch}."),
        "left" => format!("Left, or sent away, by {by}, in batch {batch}."),
        "joined" => format!("Joined by {by}, in batch {batch}."),
        other => format!("Changed ({other}) by {by}, in batch {batch}."),
    }
}

fn refusal_sentence(refusal: &RefusalFact, logins: &Logins) -> String {
    let by = who(&refusal.account, refusal.session.as_deref(), logins);
    let what = match refusal.version {
        0 => "A change".to_owned(),
        version => format!("Version {version}"),
    };
    let why = reason(&refusal.cause);
    let constraint = match &refusal.constraint {
        Some(name) => format!(", {name}"),
        None => String::new(),
    };
    let others = match (refusal.others, refusal.others_refused) {
        (0, _) => "Nothing else was in the batch.".to_owned(),
        (1, 0) => "The one other write of the batch was taken.".to_owned(),
        (others, 0) => format!("The {others} other writes of the batch were all taken."),
        (others, refused) => format!(
            "Of the {others} other writes of the batch, {} were taken and {refused} refused, each by itself.",
            others.saturating_sub(refused)
        ),
    };
    format!(
        "{what} by {by} was refused in batch {}: {why} ({}{constraint}). {} Its {} are kept as refused write {}. {others}",
        refusal.batch,
        refusal.cause,
        refusal.detail,
        count(refusal.payload_bytes, "byte", "bytes"),
        refusal.id,
    )
}

fn tell_escrow(escrow: &EscrowFact, logins: &Logins, tell: &mut impl FnMut(i64, String)) {
    let by = who(&escrow.given_by, None, logins);
    let (from, to) = (&escrow.from, &escrow.to);
    let what = count(escrow.bytes, "byte", "bytes");
    tell(
        escrow.given_at,
        format!(
            "{by} gave {what} from {} {} to {} {}, as escrow {}.",
            from.0, from.1, to.0, to.1, escrow.id
        ),
    );
    if let (Some(by), Some(at)) = (&escrow.taken_by, escrow.taken_at) {
        let by = who(by, None, logins);
        let sentence = match escrow.to_version {
            Some(version) => format!("{by} took escrow {}, with version {version}.", escrow.id),
            None => format!(
                "Escrow {} went back as a new one, since {by} disbanded the guild.",
                escrow.id
            ),
        };
        tell(at, sentence);
    }
}

fn tell_now(entity: &Entity, logins: &Logins, story: &mut Story) {
    for name in &entity.names {
        story.now.push(bears(entity.kind, name));
    }
    if let Some(members) = members(entity, logins) {
        story.now.push(members);
    }
    let open = entity.escrows.iter().filter(|it| it.taken_at.is_none());
    for escrow in open {
        story.now.push(format!(
            "Escrow {} waits for {} {} to take it.",
            escrow.id, escrow.to.0, escrow.to.1
        ));
    }
    let saved = matches!(entity.kind, Kind::Character | Kind::Ship);
    match &entity.present {
        Some(_) if saved => there(entity, logins, story),
        Some(guild) => story.now.push(match guild.disbanded_at {
            None => "The guild is there.".to_owned(),
            Some(at) => format!(
                "The guild was disbanded {}; its ship and its history are kept, and an operator can revive it.",
                time(at)
            ),
        }),
        None => missing(entity, saved, story),
    }
    if saved {
        restorable(entity, story);
    }
}

fn there(entity: &Entity, logins: &Logins, story: &mut Story) {
    let Some(present) = &entity.present else {
        return;
    };
    let version = present.version.unwrap_or(0);
    let owner = match &present.owner {
        Some(owner) => format!(", of {}", who(owner, None, logins)),
        None => String::new(),
    };
    story.now.push(format!(
        "The {}{owner} is there at version {version}, with {}, written {}.",
        entity.kind.as_str(),
        count(present.state_bytes, "byte", "bytes"),
        time(present.at),
    ));
    if let Some(at) = present.disbanded_at {
        story.now.push(format!(
            "Its guild was disbanded {}: nobody can reach the ship until an operator revives the guild.",
            time(at)
        ));
    }
    let refused_since = entity.refusals.iter().filter(|it| it.at > present.at);
    let refused_since = refused_since.count();
    if refused_since > 0 {
        let writes = count(refused_since, "write was", "writes were");
        story.now.push(format!(
            "{writes} refused since; version {version} is the newest good state."
        ));
    }
}

fn missing(entity: &Entity, saved: bool, story: &mut Story) {
    let kind = entity.kind.as_str();
    story.now.push(format!(
        "THE {} IS MISSING: there is no row of it.",
        kind.to_uppercase()
    ));
    let newest = entity.lines.iter().rev().find(|line| line.has_state);
    match newest {
        Some(line) if saved => story.now.push(format!(
            "Its newest state is in the history: version {}, written {} in batch {}.",
            line.version,
            time(line.at),
            line.batch
        )),
        _ => story
            .now
            .push("The history holds no state of it.".to_owned()),
    }
}

fn restorable(entity: &Entity, story: &mut Story) {
    let states = entity.lines.iter().filter(|line| line.has_state);
    let versions: BTreeSet<i64> = states.map(|line| line.version).collect();
    let kind = entity.kind.as_str();
    if let Some(newest) = versions.last() {
        story.now.push(format!(
            "Versions that can be put back: {}. `guildhall restore {kind} {} --version {newest}` puts the newest back.",
            ranges(&versions),
            entity.id
        ));
        for escrow in &entity.escrows {
            story.now.extend(crossing(entity, escrow));
        }
    }
    story.restorable.extend(versions);
}

/// What a restore would do to what moved.
fn crossing(entity: &Entity, escrow: &EscrowFact) -> Option<String> {
    let gave = escrow.from.0 == entity.kind.as_str() && escrow.from.1 == entity.id;
    let id = &escrow.id;
    if gave && escrow.from_version == NEVER_IN_A_STATE {
        return None;
    }
    if gave {
        let (version, went_back) = (escrow.from_version, escrow.went_back());
        let what = match went_back {
            true => "what was given; it went back by another escrow since",
            false => "what was given",
        };
        return Some(format!(
            "Escrow {id} left it with version {version}: to put back an earlier one would double {what}."
        ));
    }
    let version = escrow.to_version?;
    Some(format!(
        "Escrow {id} arrived with version {version}: to put back an earlier one would lose what was taken."
    ))
}

/// `1, 3-6`.
fn ranges(versions: &BTreeSet<i64>) -> String {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for &version in versions {
        match ranges.last_mut() {
            Some((_, last)) if *last == version - 1 => *last = version,
            _ => ranges.push((version, version)),
        }
    }
    let text = |&(first, last): &(i64, i64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn bears(kind: Kind, name: &NameFact) -> String {
    let bearer = match kind {
        Kind::Ship => "The guild of the ship".to_owned(),
        kind => format!("The {}", kind.as_str()),
    };
    match name.cooling_until {
        None => format!(
            "{bearer} bears the name {:?} since {}.",
            name.display,
            time(name.claimed_at)
        ),
        Some(until) => format!(
            "{bearer} bore the name {:?}; it is kept for it until {}.",
            name.display,
            time(until)
        ),
    }
}

fn holds(name: &NameFact) -> String {
    let (kind, id, realm) = (&name.owner_kind, &name.owner_id, &name.realm);
    let since = time(name.claimed_at);
    match (kind.as_str(), name.cooling_until) {
        ("reserved", _) => format!(
            "{:?} is reserved in realm {realm} since {since}.",
            name.display
        ),
        (_, None) => format!(
            "{:?} belongs to {kind} {id} in realm {realm} since {since}.",
            name.display
        ),
        (_, Some(until)) => format!(
            "{:?} was given up by {kind} {id} in realm {realm}, and is kept for it until {}.",
            name.display,
            time(until)
        ),
    }
}

fn members(entity: &Entity, logins: &Logins) -> Option<String> {
    let member =
        |(account, rank): &(String, String)| format!("{} ({rank})", who(account, None, logins));
    let members: Vec<_> = entity.members.iter().map(member).collect();
    (!members.is_empty()).then(|| format!("Members of the guild: {}.", members.join(", ")))
}

fn tell_batch(batch: &BatchFacts, logins: &Logins, story: &mut Story) {
    story.found = true;
    let subject = |kind: &str, id: &str| format!("{kind} {id}");
    for line in batch.lines.iter().filter(|line| !is_refusal(&line.cause)) {
        let what = subject(&line.kind, &line.entity);
        let sentence = format!("{what}: {}", line_sentence(line, logins));
        story.events.push(Event {
            at_us: line.at,
            sentence,
        });
    }
    for refusal in &batch.refusals {
        let what = subject(&refusal.kind, &refusal.entity);
        let by = who(&refusal.account, refusal.session.as_deref(), logins);
        let sentence = format!(
            "{what}: refused, by {by}: {} ({}). {} Its {} are kept as refused write {}.",
            reason(&refusal.cause),
            refusal.cause,
            refusal.detail,
            count(refusal.payload_bytes, "byte", "bytes"),
            refusal.id
        );
        story.events.push(Event {
            at_us: refusal.at,
            sentence,
        });
    }
    let taken = batch.lines.iter().filter(|line| !is_refusal(&line.cause));
    let outcome = format!(
        "{} and {} are told of it.",
        count(
            taken.count(),
            "write that was taken",
            "writes that were taken"
        ),
        count(batch.refusals.len(), "refusal", "refusals"),
    );
    story.now.push(match &batch.mark {
        Some((id, at)) => format!(
            "Batch {} ({id}) was committed {}: {outcome}",
            batch.number,
            time(*at)
        ),
        None => format!(
            "The mark of batch {} is past its retention: {outcome}",
            batch.number
        ),
    });
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.about)?;
        for event in &self.events {
            writeln!(f, "  {}  {}", time(event.at_us), event.sentence)?;
        }
        for sentence in &self.now {
            writeln!(f, "{sentence}")?;
        }
        Ok(())
    }
}
