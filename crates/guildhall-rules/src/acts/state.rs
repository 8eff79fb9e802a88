//! The state that acts have made: what lies over the base, and how far the two sequences have come.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::deed::{Deed, Hide, LabelOn, Reveal};
use super::measure::Point;
use super::projection::Projection;
use super::refusal::ActRefusal;
use super::things::{Base, Label, Layer, Roll, Token};

/// The act state of one board. A token of the base that was changed stands here whole; one that was removed is
/// named in `gone`. The same acts in the same order make the same state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActState {
    /// Acts and moves of the head so far.
    pub(super) seq: u64,
    /// Those of them that everybody sees.
    pub(super) open_seq: u64,
    pub(super) tokens: BTreeMap<Uuid, Token>,
    pub(super) gone: BTreeSet<Uuid>,
    /// Layers of the base of which it was said whether they are hidden.
    pub(super) layers: BTreeMap<Uuid, bool>,
    pub(super) labels: BTreeMap<Uuid, Label>,
    pub(super) areas: BTreeMap<Uuid, Vec<Point>>,
    pub(super) rolls: VecDeque<Roll>,
    /// Apart, so that a secret roll does not push out one that everybody sees.
    pub(super) secret_rolls: VecDeque<Roll>,
}

impl ActState {
    /// The number of the last act in the sequence of this projection; 0 before the first.
    pub fn seq(&self, projection: Projection) -> u64 {
        match projection {
            Projection::Full => self.seq,
            Projection::Open => self.open_seq,
        }
    }

    /// Goes on behind these numbers: of acts between, the records are not to be had. Never back.
    pub fn number_from(&mut self, seq: u64, open_seq: u64) {
        self.seq = self.seq.max(seq);
        self.open_seq = self.open_seq.max(open_seq);
    }

    pub(super) fn token<'a>(&'a self, base: &'a Base, id: Uuid) -> Option<&'a Token> {
        let below = || base.tokens.get(&id).filter(|_| !self.gone.contains(&id));
        self.tokens.get(&id).or_else(below)
    }

    /// Every token that is on the board.
    pub(super) fn tokens<'a>(&'a self, base: &'a Base) -> impl Iterator<Item = (Uuid, &'a Token)> {
        let lies_below = |id: &Uuid| !self.gone.contains(id) && !self.tokens.contains_key(id);
        let below = base.tokens.iter().filter(move |(id, _)| lies_below(id));
        self.tokens
            .iter()
            .chain(below)
            .map(|(id, token)| (*id, token))
    }

    /// The tokens on a layer.
    pub(super) fn tokens_on<'a>(
        &'a self,
        base: &'a Base,
        layer: Uuid,
    ) -> impl Iterator<Item = (Uuid, &'a Token)> {
        let tokens = self.tokens(base);
        tokens.filter(move |(_, token)| token.layer == Some(layer))
    }

    /// A layer of the base as it is now.
    pub(super) fn layer(&self, base: &Base, id: Uuid) -> Option<Layer> {
        let layer = base.layers.get(&id)?;
        let hidden = self.layers.get(&id).copied().unwrap_or(layer.hidden);
        Some(Layer {
            hidden,
            ..layer.clone()
        })
    }

    /// Whether players see what lies here. A layer that is not there hides: nobody has shown it.
    pub(super) fn is_open(&self, base: &Base, layer: Option<Uuid>) -> bool {
        let Some(id) = layer else { return true };
        let hidden = |layer: &Layer| self.layers.get(&id).copied().unwrap_or(layer.hidden);
        base.layers.get(&id).is_some_and(|layer| !hidden(layer))
    }

    /// Does what is not a roll, or nothing at all.
    pub(super) fn change(&mut self, base: &Base, deed: &Deed) -> Result<(), ActRefusal> {
        match deed {
            Deed::Place { token, piece } => self.place(base, *token, piece)?,
            Deed::Move { token, at } => self.token_mut(base, *token)?.at = *at,
            Deed::Rotate { token, degrees } => self.token_mut(base, *token)?.rotation = *degrees,
            Deed::Remove { token } => self.remove(base, *token)?,
            Deed::Reveal { what } => self.reveal(base, what)?,
            Deed::Hide { what } => self.hide(base, *what)?,
            Deed::Label { on, text } => self.write(base, *on, text)?,
            Deed::Roll { .. } => {}
        }
        Ok(())
    }

    /// The token, lifted from the base if it lay there untouched.
    fn token_mut(&mut self, base: &Base, id: Uuid) -> Result<&mut Token, ActRefusal> {
        let token = self.token(base, id).ok_or(ActRefusal::TokenUnknown)?;
        let token = token.clone();
        Ok(self.tokens.entry(id).or_insert(token))
    }

    fn place(&mut self, base: &Base, id: Uuid, piece: &Token) -> Result<(), ActRefusal> {
        if self.token(base, id).is_some() {
            return Err(ActRefusal::TokenExists);
        }
        let layer_is_there = |layer| base.layers.contains_key(&layer);
        if !piece.layer.is_none_or(layer_is_there) {
            return Err(ActRefusal::LayerUnknown);
        }
        self.gone.remove(&id);
        self.tokens.insert(id, piece.clone());
        Ok(())
    }

    fn remove(&mut self, base: &Base, id: Uuid) -> Result<(), ActRefusal> {
        self.token(base, id).ok_or(ActRefusal::TokenUnknown)?;
        self.tokens.remove(&id);
        if base.tokens.contains_key(&id) {
            self.gone.insert(id);
        }
        Ok(())
    }

    fn reveal(&mut self, base: &Base, what: &Reveal) -> Result<(), ActRefusal> {
        match what {
            Reveal::Token(id) => self.token_mut(base, *id)?.hidden = false,
            Reveal::Layer(id) => self.set_layer(base, *id, false)?,
            Reveal::Label(id) => self.label_mut(*id)?.hidden = false,
            Reveal::Area { id, points } => {
                self.areas.insert(*id, points.clone());
            }
        }
        Ok(())
    }

    fn hide(&mut self, base: &Base, what: Hide) -> Result<(), ActRefusal> {
        match what {
            Hide::Token(id) => self.token_mut(base, id)?.hidden = true,
            Hide::Layer(id) => self.set_layer(base, id, true)?,
            Hide::Label(id) => self.label_mut(id)?.hidden = true,
            Hide::Area(id) => {
                self.areas.remove(&id).ok_or(ActRefusal::AreaUnknown)?;
            }
        }
        Ok(())
    }

    fn set_layer(&mut self, base: &Base, id: Uuid, hidden: bool) -> Result<(), ActRefusal> {
        if !base.layers.contains_key(&id) {
            return Err(ActRefusal::LayerUnknown);
        }
        self.layers.insert(id, hidden);
        Ok(())
    }

    fn label_mut(&mut self, id: Uuid) -> Result<&mut Label, ActRefusal> {
        self.labels.get_mut(&id).ok_or(ActRefusal::LabelUnknown)
    }

    fn write(&mut self, base: &Base, on: LabelOn, text: &str) -> Result<(), ActRefusal> {
        match on {
            LabelOn::Token(id) => text.clone_into(&mut self.token_mut(base, id)?.name),
            LabelOn::Board { label, .. } if text.is_empty() => {
                let gone = self.labels.remove(&label);
                gone.ok_or(ActRefusal::LabelUnknown)?;
            }
            LabelOn::Board { label, at, hidden } => {
                let text = text.to_owned();
                self.labels.insert(label, Label { at, text, hidden });
            }
        }
        Ok(())
    }
}
