//! From the text of a roll to its terms: `[+-]term([+-]term)*`, a term being `[N]dM[kh K|kl K]` or a number. Letters
//! may be large, spaces may stand between any two parts.

use std::str::FromStr;

use super::{
    DICE_CONSTANT_MAX, DICE_MAX, DICE_TERMS_MAX, DICE_TEXT_BYTES_MAX, DIE_SIDES_MAX, DIE_SIDES_MIN,
    Dice, DiceRefusal, Keep, Term, What,
};

impl FromStr for Dice {
    type Err = DiceRefusal;

    fn from_str(text: &str) -> Result<Self, DiceRefusal> {
        if text.len() > DICE_TEXT_BYTES_MAX {
            return Err(DiceRefusal::TooLong);
        }
        let mut reader = Reader::new(text);
        if reader.is_at_end() {
            return Err(DiceRefusal::Empty);
        }
        let mut terms = vec![reader.first_term()?];
        let mut dice = terms.iter().map(Term::dice).sum::<u16>();
        while !reader.is_at_end() {
            if terms.len() >= DICE_TERMS_MAX {
                return Err(DiceRefusal::Terms);
            }
            let term = reader.next_term()?;
            dice += term.dice();
            terms.push(term);
        }
        // At most DICE_TERMS_MAX * DICE_MAX until here, which a u16 holds.
        if dice > DICE_MAX {
            return Err(DiceRefusal::Count);
        }
        Ok(Dice { terms })
    }
}

impl Term {
    fn dice(&self) -> u16 {
        match self.what {
            What::Dice { count, .. } => count,
            What::Constant(_) => 0,
        }
    }
}

/// What is left of the text.
struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let rest = text.as_bytes();
        let mut reader = Self { rest, at: 0 };
        reader.skip_spaces();
        reader
    }

    fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn first_term(&mut self) -> Result<Term, DiceRefusal> {
        let is_taken_off = self.takes(b'-');
        if !is_taken_off {
            self.takes(b'+');
        }
        self.term(is_taken_off)
    }

    fn next_term(&mut self) -> Result<Term, DiceRefusal> {
        let is_taken_off = self.takes(b'-');
        if !is_taken_off && !self.takes(b'+') {
            return Err(self.unexpected("+ or -"));
        }
        self.term(is_taken_off)
    }

    fn term(&mut self, is_taken_off: bool) -> Result<Term, DiceRefusal> {
        let number = self.number();
        let what = match (self.takes(b'd'), number) {
            (true, count) => self.dice(count.unwrap_or(1))?,
            (false, Some(constant)) if constant <= DICE_CONSTANT_MAX => What::Constant(constant),
            (false, Some(_)) => return Err(DiceRefusal::Constant),
            (false, None) => return Err(self.unexpected("number or die")),
        };
        Ok(Term { is_taken_off, what })
    }

    fn dice(&mut self, count: u32) -> Result<What, DiceRefusal> {
        let sides = self.number().ok_or_else(|| self.unexpected("number"))?;
        let count = within(count, 1, DICE_MAX).ok_or(DiceRefusal::Count)?;
        let sides = within(sides, DIE_SIDES_MIN, DIE_SIDES_MAX).ok_or(DiceRefusal::Sides)?;
        let keep = self.keep(count)?;
        Ok(What::Dice { count, sides, keep })
    }

    fn keep(&mut self, count: u16) -> Result<Option<Keep>, DiceRefusal> {
        if !self.takes(b'k') {
            return Ok(None);
        }
        let keep = match (self.takes(b'h'), self.takes(b'l')) {
            (true, false) => Keep::Highest,
            (false, true) => Keep::Lowest,
            _ => return Err(self.unexpected("h or l")),
        };
        let kept = self.number().ok_or_else(|| self.unexpected("number"))?;
        let kept = within(kept, 1, count).ok_or(DiceRefusal::Keep)?;
        Ok(Some(keep(kept)))
    }

    /// The number that stands here; one that is too large for any bound stays too large.
    fn number(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some((digit @ b'0'..=b'9', rest)) = self.rest.split_first() {
            let digit = u32::from(digit - b'0');
            let before: u32 = number.unwrap_or(0);
            number = Some(before.saturating_mul(10).saturating_add(digit));
            self.step(rest);
        }
        self.skip_spaces();
        number
    }

    fn takes(&mut self, wanted: u8) -> bool {
        match self.rest.split_first() {
            Some((found, rest)) if found.eq_ignore_ascii_case(&wanted) => {
                self.step(rest);
                self.skip_spaces();
                true
            }
            _ => false,
        }
    }

    fn skip_spaces(&mut self) {
        while let Some((b' ', rest)) = self.rest.split_first() {
            self.step(rest);
        }
    }

    fn step(&mut self, rest: &'a [u8]) {
        self.rest = rest;
        self.at += 1;
    }

    fn unexpected(&self, wanted: &'static str) -> DiceRefusal {
        let at = self.at;
        DiceRefusal::Unexpected { at, wanted }
    }
}

fn within(number: u32, min: u16, max: u16) -> Option<u16> {
    let number = u16::try_from(number).ok()?;
    (min..=max).contains(&number).then_some(number)
}
