//! The types of the last messages of a process, as the status page shows them.

/// How many types before the last one are kept.
const BEFORE_MAX: usize = 7;

/// Written only when the type changes, so that a process that hears the same over and over again
/// pays nothing, and one that knows a single type has no list.
pub(crate) struct Recent {
    current: &'static str,
    before: Option<Box<[&'static str; BEFORE_MAX]>>,
}

impl Recent {
    pub fn new(current: &'static str) -> Self {
        let before = None;
        Self { current, before }
    }

    /// A message of another type than the last one.
    pub fn push(&mut self, name: &'static str, is_first: bool) {
        let last = std::mem::replace(&mut self.current, name);
        if !is_first {
            let before = self
                .before
                .get_or_insert_with(|| Box::new([""; BEFORE_MAX]));
            before.rotate_left(1);
            if let Some(slot) = before.last_mut() {
                *slot = last;
            }
        }
    }

    pub fn current(&self) -> &'static str {
        self.current
    }

    /// The types before the current one, the oldest first.
    pub fn before(&self) -> Vec<&'static str> {
        let kept = self.before.iter().flat_map(|before| before.iter());
        kept.copied().filter(|name| !name.is_empty()).collect()
    }
}
