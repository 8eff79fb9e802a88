//! Errands: what a thread of a pool does for a test. While one is under way the test is not settled,
//! and virtual time stands.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use tokio::runtime::Handle;

use super::scope::{self, Scope};

/// An errand under way, until the drop.
pub(crate) struct Errand {
    _under_way: Option<UnderWay>,
}

struct UnderWay {
    scope: Arc<Scope>,
    /// Its drop lets virtual time go on.
    _time_stands: Sender<()>,
}

/// Something that another thread is going to do for the test that this thread works for.
pub(crate) fn errand() -> Errand {
    let under_way = scope::current().map(|scope| {
        scope.begin_work();
        UnderWay {
            scope,
            _time_stands: stop_time(),
        }
    });
    Errand {
        _under_way: under_way,
    }
}

/// tokio's virtual clock does not jump while one of its blocking tasks runs, so one waits.
fn stop_time() -> Sender<()> {
    let (running, done) = channel::<()>();
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn_blocking(move || done.recv().is_ok());
    }
    running
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.scope.end_work();
    }
}
