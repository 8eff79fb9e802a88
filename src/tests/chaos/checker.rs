//! Compares what a server holds with what clients were promised. Pure: it knows neither sockets nor files,
//! so that each kind of loss can be put before it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::ledger::{Content, Kind, Ledger, Thing};

/// What a server holds, seen from one side.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Of what is saved its present content, of a board every revision that was looked at.
    pub held: BTreeMap<Thing, Vec<Content>>,
    /// The head of each board that has one.
    pub heads: BTreeMap<Uuid, u32>,
    /// What the database refused and the server keeps aside.
    pub refused: BTreeMap<Thing, BTreeSet<Content>>,
    /// What contradicts itself, whatever was promised.
    pub broken: Vec<String>,
}

/// Everything that is wrong, a sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub receipts: usize,
    /// Receipts whose content is not there.
    pub lost: Vec<String>,
    /// Contents that nobody ever sent.
    pub ghosts: Vec<String>,
    /// What is there twice, or was promised to two.
    pub duplicates: Vec<String>,
    pub broken: Vec<String>,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        let wrong = [&self.lost, &self.ghosts, &self.duplicates, &self.broken];
        wrong.iter().all(|sentences| sentences.is_empty())
    }

    /// The same receipts seen from another side; what both see is one.
    pub fn and(mut self, other: Self) -> Self {
        let both = [
            (&mut self.lost, other.lost),
            (&mut self.ghosts, other.ghosts),
            (&mut self.duplicates, other.duplicates),
            (&mut self.broken, other.broken),
        ];
        for (mine, theirs) in both {
            mine.extend(theirs);
            mine.sort();
            mine.dedup();
        }
        self
    }
}

pub fn check(ledger: &Ledger, world: &World) -> Verdict {
    let mut verdict = Verdict {
        receipts: [&ledger.acked, &ledger.safe]
            .iter()
            .flat_map(|receipts| receipts.values())
            .map(BTreeSet::len)
            .sum(),
        broken: world.broken.clone(),
        ..Verdict::default()
    };
    for (thing, acked) in &ledger.acked {
        let held = world.held.get(thing).map_or(&[][..], Vec::as_slice);
        let lost = acked.iter().filter(|receipt| match thing.kind {
            Kind::Board => !held.contains(receipt),
            _ => is_lost(receipt, held),
        });
        let sentences = lost.map(|receipt| format!("{thing}: {receipt} was promised"));
        verdict.lost.extend(sentences);
        if thing.kind == Kind::Board {
            verdict.lost.extend(head_behind(thing.id, acked, world));
        }
        let versions = acked.iter().map(|receipt| receipt.version);
        for version in repeated(versions) {
            let sentence = format!("{thing}: version {version} was promised to two");
            verdict.duplicates.push(sentence);
        }
    }
    for (thing, safe) in &ledger.safe {
        let held = world.held.get(thing).map_or(&[][..], Vec::as_slice);
        let refused = world.refused.get(thing);
        let lost = safe.iter().filter(|receipt| {
            is_lost(receipt, held) && !refused.is_some_and(|refused| refused.contains(receipt))
        });
        let sentences = lost.map(|receipt| format!("{thing}: {receipt} was safe"));
        verdict.lost.extend(sentences);
    }
    for (thing, held) in &world.held {
        verdict.ghosts.extend(ghosts(ledger, *thing, held));
        verdict.duplicates.extend(duplicates(*thing, held));
    }
    verdict
}

/// A save is lost when what is there is older, or of the same version and something else.
fn is_lost(receipt: &Content, held: &[Content]) -> bool {
    !held
        .iter()
        .any(|held| held.version > receipt.version || held == receipt)
}

fn head_behind(board: Uuid, acked: &BTreeSet<Content>, world: &World) -> Option<String> {
    let promised = acked.iter().map(|receipt| receipt.version).max()?;
    let head = world.heads.get(&board).copied().unwrap_or(0);
    (head < promised).then(|| format!("board {board}: head {head}, {promised} was promised"))
}

/// A save's version is its sender's choice, a board's revision is not.
fn ghosts(ledger: &Ledger, thing: Thing, held: &[Content]) -> Vec<String> {
    let was_sent = |content: &Content| {
        ledger
            .sent
            .get(&thing)
            .is_some_and(|sent| match thing.kind {
                Kind::Board => sent.iter().any(|it| it.hash == content.hash),
                _ => sent.contains(content),
            })
    };
    let ghosts = held.iter().filter(|content| !was_sent(content));
    ghosts
        .map(|content| format!("{thing}: nobody sent {content}"))
        .collect()
}

fn duplicates(thing: Thing, held: &[Content]) -> Vec<String> {
    let versions = repeated(held.iter().map(|content| content.version));
    let versions = versions.map(|version| format!("{thing}: version {version} is there twice"));
    let hashes = repeated(held.iter().map(|content| content.hash.clone()));
    let hashes = hashes.map(|hash| format!("{thing}: content {hash} is there twice"));
    let mut found: Vec<_> = versions.chain(hashes).collect();
    if thing.kind != Kind::Board && held.len() > 1 && found.is_empty() {
        found.push(format!("{thing} is there {} times", held.len()));
    }
    found
}

fn repeated<T: Ord + Clone>(items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let mut seen = BTreeSet::new();
    let repeated: BTreeSet<_> = items.filter(|item| !seen.insert(item.clone())).collect();
    repeated.into_iter()
}

#[cfg(test)]
mod tests;
