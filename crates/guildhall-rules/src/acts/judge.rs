//! May this act be taken: the rights of the actor, the bounds of what is asked, and what the board still has room for.
//!
//! In this order, so that somebody who may not do a thing at all is told the same whether or not it is there.

use uuid::Uuid;

use super::apply::Actor;
use super::deed::{Deed, LabelOn, Reveal};
use super::limits::ActLimits;
use super::measure::{Cells, Point, Size};
use super::projection::{Key, Projection, Thing};
use super::refusal::ActRefusal;
use super::state::ActState;
use super::things::{Base, Token};
use crate::dice::Dice;
use crate::names::harmful_in_title;
use crate::rights::{BoardAct, may_on_board};

/// `Ok` if the deed is within the actor's rights and the limits. Whether what it names is there is found when it is
/// done, except for what the actor may not see.
pub(super) fn judge(
    state: &ActState,
    base: &Base,
    actor: &Actor,
    deed: &Deed,
    limits: &ActLimits,
) -> Result<(), ActRefusal> {
    let need = need(deed);
    may_on_board(actor.role, need.at_least())?;
    shape(deed, limits)?;
    if let Need::Token { token, any, .. } = need {
        reach(state, base, actor, token, any)?;
    }
    room(state, base, deed, limits)
}

/// The right that a deed needs.
enum Need {
    One(BoardAct),
    /// `own` for a token of one's own, `any` for every other.
    Token {
        token: Uuid,
        own: BoardAct,
        any: BoardAct,
    },
}

impl Need {
    fn at_least(&self) -> BoardAct {
        match self {
            Need::One(act) | Need::Token { own: act, .. } => *act,
        }
    }
}

fn need(deed: &Deed) -> Need {
    use BoardAct::{MoveAnyToken, MoveOwnToken, NameAnyToken, NameOwnToken};
    let token = |token: Uuid, own: BoardAct, any: BoardAct| Need::Token { token, own, any };
    match deed {
        Deed::Place { .. } => Need::One(BoardAct::PlaceToken),
        Deed::Move { token: id, .. } | Deed::Rotate { token: id, .. } => {
            token(*id, MoveOwnToken, MoveAnyToken)
        }
        Deed::Remove { .. } => Need::One(BoardAct::RemoveToken),
        Deed::Reveal { .. } | Deed::Hide { .. } => Need::One(BoardAct::Reveal),
        Deed::Label { on, .. } => match on {
            LabelOn::Token(id) => token(*id, NameOwnToken, NameAnyToken),
            LabelOn::Board { .. } => Need::One(BoardAct::Label),
        },
        Deed::Roll { secret: false, .. } => Need::One(BoardAct::Roll),
        Deed::Roll { secret: true, .. } => Need::One(BoardAct::RollInSecret),
    }
}

/// Whoever may not act on any token may act on those of his own that he sees.
fn reach(
    state: &ActState,
    base: &Base,
    actor: &Actor,
    token: Uuid,
    any: BoardAct,
) -> Result<(), ActRefusal> {
    let Err(denied) = may_on_board(actor.role, any) else {
        return Ok(());
    };
    let seen = state.look(base, Key::Token(token), Projection::Open);
    match seen {
        Some(Thing::Token(token)) if token.owners.contains(&actor.account) => Ok(()),
        Some(_) => Err(denied.into()),
        None => Err(ActRefusal::TokenUnknown),
    }
}

fn shape(deed: &Deed, limits: &ActLimits) -> Result<(), ActRefusal> {
    match deed {
        Deed::Place { piece, .. } => token(piece, limits),
        Deed::Move { at, .. } => point(*at, limits),
        Deed::Reveal {
            what: Reveal::Area { points, .. },
        } => area(points, limits),
        Deed::Label { on, text: words } => match on {
            LabelOn::Token(_) => text(words, limits.token_name_chars_max),
            LabelOn::Board { at, .. } => {
                point(*at, limits)?;
                text(words, limits.label_chars_max)
            }
        },
        Deed::Roll { dice, note, .. } => {
            dice.parse::<Dice>()?;
            text(note, limits.note_chars_max)
        }
        Deed::Rotate { .. } | Deed::Remove { .. } | Deed::Reveal { .. } | Deed::Hide { .. } => {
            Ok(())
        }
    }
}

fn token(token: &Token, limits: &ActLimits) -> Result<(), ActRefusal> {
    point(token.at, limits)?;
    text(&token.name, limits.token_name_chars_max)?;
    let max = limits.token_size_cells_max;
    let Size(width, height) = token.size;
    let is_good = |side: Cells| side > Cells::default() && side.get() <= max;
    if !is_good(width) || !is_good(height) {
        let sentence = format!("A token's sides are above 0 and at most {max} cells.");
        return Err(ActRefusal::shape("act.size", sentence));
    }
    let max = limits.owners_max;
    if token.owners.len() > max {
        let sentence = format!("A token has at most {max} owners.");
        return Err(ActRefusal::shape("act.owners", sentence));
    }
    Ok(())
}

fn area(points: &[Point], limits: &ActLimits) -> Result<(), ActRefusal> {
    let max = limits.area_points_max;
    if points.len() < 3 || points.len() > max {
        let sentence = format!("An area has 3 to {max} corners.");
        return Err(ActRefusal::shape("act.area_points", sentence));
    }
    points.iter().try_for_each(|at| point(*at, limits))
}

fn point(Point(x, y): Point, limits: &ActLimits) -> Result<(), ActRefusal> {
    let max = limits.coordinate_cells_max;
    if x.get().abs() > max || y.get().abs() > max {
        let sentence = format!("Nothing lies farther than {max} cells from the map's corner.");
        return Err(ActRefusal::shape("act.coordinates", sentence));
    }
    Ok(())
}

fn text(text: &str, chars_max: usize) -> Result<(), ActRefusal> {
    if text.chars().nth(chars_max).is_some() {
        let sentence = format!("This text has at most {chars_max} characters.");
        return Err(ActRefusal::shape("act.text_length", sentence));
    }
    if harmful_in_title(text).is_some() {
        let sentence = "The text has a character that cannot be seen or turns the line.";
        return Err(ActRefusal::shape("act.text", sentence));
    }
    Ok(())
}

/// Whether the board has room for what is new. Only what GMs may do asks here: a player could learn from it how much
/// there is that he does not see.
fn room(state: &ActState, base: &Base, deed: &Deed, limits: &ActLimits) -> Result<(), ActRefusal> {
    let too_many = |rule, what, max| Err(ActRefusal::TooMany { rule, what, max });
    match deed {
        Deed::Place { .. } if state.tokens(base).count() >= limits.tokens_max => {
            too_many("limits.acts.tokens_max", "tokens", limits.tokens_max)
        }
        Deed::Label {
            on: LabelOn::Board { label, .. },
            text,
        } if !text.is_empty()
            && !state.labels.contains_key(label)
            && state.labels.len() >= limits.labels_max =>
        {
            too_many("limits.acts.labels_max", "texts", limits.labels_max)
        }
        Deed::Reveal {
            what: Reveal::Area { id, .. },
        } if !state.areas.contains_key(id) && state.areas.len() >= limits.areas_max => {
            too_many("limits.acts.areas_max", "uncovered areas", limits.areas_max)
        }
        Deed::Reveal {
            what: Reveal::Layer(layer),
        } if !state.is_open(base, Some(*layer)) => {
            let shown = state.tokens_on(base, *layer);
            let shown = shown.filter(|(_, token)| !token.hidden).count();
            if shown <= limits.tokens_shown_max {
                return Ok(());
            }
            too_many(
                "limits.acts.tokens_shown_max",
                "tokens shown at once: hide some of them and reveal these one by one",
                limits.tokens_shown_max,
            )
        }
        _ => Ok(()),
    }
}
