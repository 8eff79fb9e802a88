//! The listening half of a connection. Events wait in a ring of
//! [`EVENTS_MAX`]: a reader that falls behind loses the oldest and is told how
//! many, so that neither memory nor the connection depends on it.

use guildhall_protocol::{Event, Refusal};
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::ClientError;
use crate::shared::Shared;

/// Most events that wait to be read.
pub const EVENTS_MAX: usize = 256;

/// An event with its number, which rises by one per source: what a board
/// broadcasts counts with the board's position, all else with the session.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberedEvent {
    pub seq: u64,
    pub event: Event,
}

/// What goes through the ring: an event, or a refusal that belongs to no request.
pub(crate) type Told = Result<NumberedEvent, Refusal>;

/// Listens to a connection. Dropping it leaves the connection open.
pub struct Events {
    pub(crate) ring: Receiver<Told>,
    pub(crate) shared: Arc<Shared>,
}

impl Events {
    /// The next event. Events of unknown types are passed over.
    ///
    /// Cancel safe: no event is lost when the future is dropped.
    ///
    /// # Errors
    /// `EventsMissed`, after which the next call goes on with the oldest event
    /// that is left; `Refused` for a frame of ours that the server could not
    /// tie to a request; else how the connection ended.
    pub async fn next(&mut self) -> Result<NumberedEvent, ClientError> {
        match self.ring.recv().await {
            Ok(told) => told.map_err(ClientError::Refused),
            Err(RecvError::Lagged(count)) => Err(ClientError::EventsMissed { count }),
            Err(RecvError::Closed) => Err(self.shared.ended()),
        }
    }

    /// The first event that `want` makes something of; those before it are dropped.
    ///
    /// # Errors
    /// Those of [`Events::next`].
    pub async fn find<T>(
        &mut self,
        mut want: impl FnMut(Event) -> Option<T>,
    ) -> Result<T, ClientError> {
        loop {
            if let Some(found) = want(self.next().await?.event) {
                return Ok(found);
            }
        }
    }
}
