//! Where the test kit takes hold of processes. Without feature `testing` nothing is here, and the
//! compiler leaves nothing of it; with it, and no test kit at work, a hook costs one look at a flag.

#[cfg(feature = "testing")]
pub(crate) use crate::testing::hooks::{
    Hold, adopt_port, budget, chance, clock, errand, in_order, message,
};
#[cfg(not(feature = "testing"))]
pub(crate) use off::{Hold, adopt_port, budget, chance, clock, errand, in_order, message};

#[cfg(not(feature = "testing"))]
mod off {
    use std::future::Future;
    use std::sync::Arc;
    use std::time::Duration;

    use crate::cell::{Body, Cell};
    use crate::pid::Pid;

    /// The kit's hold on a process, from its spawn to its end.
    pub(crate) struct Hold;

    impl Hold {
        pub fn on<B: Body + 'static>(_cell: &Arc<Cell<B>>) -> Self {
            Self
        }

        pub fn spawn(self, process: impl Future<Output = ()> + 'static) {
            actix_rt::spawn(process);
        }
    }

    pub(crate) fn adopt_port<B: Body + 'static>(_cell: &Arc<Cell<B>>) {}

    /// What another thread does for this one, until the drop.
    pub(crate) struct Errand;

    pub(crate) fn errand() -> Errand {
        Errand
    }

    pub(crate) fn budget(max: u32) -> u32 {
        max
    }

    /// A number that a seed decides, if there is one.
    pub(crate) fn chance() -> Option<u64> {
        None
    }

    /// What comes out of a hash is put in order where a seed must always mean the same.
    pub(crate) fn in_order<T, K: Ord>(
        things: impl IntoIterator<Item = T>,
        _key: impl FnMut(&T) -> K,
    ) -> impl Iterator<Item = T> {
        things.into_iter()
    }

    pub(crate) fn message(_pid: Pid, _name: &'static str) {}

    pub(crate) fn clock() -> Option<Duration> {
        None
    }
}
