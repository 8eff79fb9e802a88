//! What becomes of the acts when the board gets another head: the overlay is laid over the new document, or the acts
//! that the document does not contain are done again on it.

use uuid::Uuid;

use super::apply::ActRecord;
use super::limits::ActLimits;
use super::refusal::ActRefusal;
use super::state::ActState;
use super::things::Base;

/// The state on a new head. It has taken a number in both sequences; whoever has the board open gets a new view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadMoved {
    pub state: ActState,
    /// Acts, by their ids, that the new document leaves nothing to do for.
    pub superseded: Vec<Uuid>,
    /// Tokens of the former document that acts had changed and the new one does not have.
    pub lost_tokens: Vec<Uuid>,
}

impl ActState {
    /// The state after the head moved from one document to another; `self` stays as it is, so that a commit that
    /// fails has changed nothing.
    ///
    /// Without `not_contained` the new document contains no acts: all stay over it. With it, these are the acts that
    /// were done since the document was written, in their order: what they did to tokens and layers is done again, and
    /// everything before is taken to be in the document. Texts, areas and rolls are in no document and always stay.
    ///
    /// Refused is a document that leaves no room for the tokens that acts have placed.
    pub fn head_moved(
        &self,
        from: &Base,
        to: &Base,
        not_contained: Option<&[ActRecord]>,
        limits: &ActLimits,
    ) -> Result<HeadMoved, ActRefusal> {
        let mut moved = match not_contained {
            None => self.laid_over(from, to),
            Some(records) => self.done_again(to, records),
        };
        let max = limits.tokens_max;
        if moved.state.tokens(to).count() > max {
            return Err(ActRefusal::TooMany {
                rule: "limits.acts.tokens_max",
                what: "tokens",
                max,
            });
        }
        moved.state.seq = self.seq.saturating_add(1);
        moved.state.open_seq = self.open_seq.saturating_add(1);
        Ok(moved)
    }

    fn laid_over(&self, from: &Base, to: &Base) -> HeadMoved {
        let mut state = self.clone();
        let is_lost = |id: &Uuid| from.tokens.contains_key(id) && !to.tokens.contains_key(id);
        let lost = self.tokens.keys().filter(|id| is_lost(id)).copied();
        let lost_tokens: Vec<Uuid> = lost.collect();
        state.tokens.retain(|id, _| !is_lost(id));
        state.gone.retain(|id| to.tokens.contains_key(id));
        state.layers.retain(|id, _| to.layers.contains_key(id));
        HeadMoved {
            state,
            superseded: Vec::new(),
            lost_tokens,
        }
    }

    fn done_again(&self, to: &Base, records: &[ActRecord]) -> HeadMoved {
        let mut state = self.clone();
        state.tokens.clear();
        state.gone.clear();
        state.layers.clear();
        let to_do = records
            .iter()
            .filter(|record| record.deed.is_of_the_document());
        let superseded = to_do
            .filter(|record| state.change(to, &record.deed).is_err())
            .map(|record| record.op)
            .collect();
        HeadMoved {
            state,
            superseded,
            lost_tokens: Vec::new(),
        }
    }
}
