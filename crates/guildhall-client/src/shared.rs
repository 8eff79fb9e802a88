//! What the handles and the driver of one connection share: who waits for
//! which answer, which uploads were refused, and how it all ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_protocol::{Answer, Refusal};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::ClientError;

type Outcome = Result<Answer, ClientError>;

#[derive(Default)]
pub(crate) struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    pending: HashMap<Uuid, oneshot::Sender<Outcome>>,
    uploads: HashMap<Uuid, Option<Refusal>>,
    ended: Option<ClientError>,
}

/// An answer that is waited for. Dropping it forgets the request.
pub(crate) struct Pending {
    shared: Arc<Shared>,
    id: Uuid,
    outcome: oneshot::Receiver<Outcome>,
}

/// An upload under way. Dropping it forgets the upload.
pub(crate) struct WatchedUpload {
    shared: Arc<Shared>,
    id: Uuid,
}

impl Shared {
    /// Registers a request before it is sent.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub(crate) fn expect(self: &Arc<Self>, id: Uuid) -> Result<Pending, ClientError> {
        let (told, outcome) = oneshot::channel();
        let mut state = self.lock();
        if let Some(ended) = &state.ended {
            return Err(ended.clone());
        }
        state.pending.insert(id, told);
        Ok(Pending {
            shared: Arc::clone(self),
            id,
            outcome,
        })
    }

    /// Hands an outcome to whoever waits; false when nobody knows the request.
    pub(crate) fn resolve(&self, id: Uuid, outcome: Outcome) -> bool {
        let waiting = self.lock().pending.remove(&id);
        waiting.is_some_and(|waiting| waiting.send(outcome).is_ok())
    }

    pub(crate) fn watch_upload(self: &Arc<Self>, id: Uuid) -> WatchedUpload {
        self.lock().uploads.insert(id, None);
        WatchedUpload {
            shared: Arc::clone(self),
            id,
        }
    }

    pub(crate) fn upload_refused(&self, id: Uuid, refusal: &Refusal) {
        if let Some(watched) = self.lock().uploads.get_mut(&id) {
            *watched = Some(refusal.clone());
        }
    }

    /// Ends the connection for everyone who waits and everyone who comes later.
    pub(crate) fn end(&self, ended: ClientError) {
        let mut state = self.lock();
        for (_, waiting) in state.pending.drain() {
            // Whoever stopped waiting needs no answer.
            let _ = waiting.send(Err(ended.clone()));
        }
        state.ended = Some(ended);
    }

    /// How the connection ended.
    pub(crate) fn ended(&self) -> ClientError {
        let ended = self.lock().ended.clone();
        ended.unwrap_or_else(|| ClientError::lost("the connection's task is gone"))
    }

    /// No code panics while it holds the lock, so a poisoned state is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    pub(crate) async fn outcome(mut self) -> Outcome {
        let told = (&mut self.outcome).await;
        told.unwrap_or_else(|_| Err(self.shared.ended()))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.shared.lock().pending.remove(&self.id);
    }
}

impl WatchedUpload {
    /// Why a chunk of it was refused, if one was.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.shared.lock().uploads.get(&self.id).cloned().flatten()
    }
}

impl Drop for WatchedUpload {
    fn drop(&mut self) {
        self.shared.lock().uploads.remove(&self.id);
    }
}

#[cfg(test)]
mod tests;
