//! Seeded dice for interleavings: SplitMix64, so that a seed means the same on every machine and
//! in every version of the kit's dependencies.

pub(crate) struct Dice {
    state: u64,
    /// How often of 8 times a turn is held back; drawn once, so that seeds differ in kind, too.
    holds_of_8: u64,
    /// How often of 8 times a turn has a small budget.
    small_of_8: u64,
}

/// Messages of a turn with a small budget, at most.
const SMALL_MAX: u64 = 3;

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut dice = Self {
            state: seed,
            holds_of_8: 0,
            small_of_8: 0,
        };
        dice.holds_of_8 = dice.below(7);
        dice.small_of_8 = dice.below(9);
        dice
    }

    /// Whether a turn waits until all others that are due have had theirs. Never for ever: at most
    /// 6 of 8 are held back.
    pub fn holds_back(&mut self) -> bool {
        self.below(8) < self.holds_of_8
    }

    /// A turn's budget.
    pub fn budget(&mut self, max: u32) -> u32 {
        if self.below(8) < self.small_of_8 {
            let small = 1 + self.below(SMALL_MAX);
            u32::try_from(small).unwrap_or(max).min(max)
        } else {
            max
        }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
