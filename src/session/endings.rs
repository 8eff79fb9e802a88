//! Ends on purpose: whom an order concerns, and what the client is told before its close frame.

use guildhall_process::{Ctx, Handle};
use guildhall_protocol::{CloseCode, Event, ServerFrame};
use uuid::Uuid;

use super::{Session, ended};
use crate::auth::secrets::SecretHash;

/// Whose sessions an order to end concerns.
#[derive(Clone, Copy, Debug)]
pub enum Whom {
    /// Whoever was let in with this token.
    Token(SecretHash),
    /// An account, but for the sessions of one token.
    Account {
        /// Which.
        account: Uuid,
        /// The token of those who stay.
        but: Option<SecretHash>,
    },
    /// One session.
    Session(Uuid),
}

/// An order to end: told to every session, each of which knows itself whether it is meant.
#[derive(Clone, Debug)]
pub struct End {
    /// Who is meant.
    pub whom: Whom,
    /// Its close code, whose reason word is counted as the cause.
    pub cause: CloseCode,
    /// What an operator says about it, for the client and the log.
    pub reason: Option<String>,
}

impl End {
    /// An order with nothing to say beyond its cause.
    #[must_use]
    pub fn new(whom: Whom, cause: CloseCode) -> Self {
        Self {
            whom,
            cause,
            reason: None,
        }
    }
}

impl Handle<End> for Session {
    fn handle(
        &mut self,
        End {
            whom,
            cause,
            reason,
        }: End,
        ctx: &mut Ctx<Self>,
    ) {
        let is_meant = match whom {
            Whom::Token(token) => self.who.token == token,
            Whom::Account { account, but } => {
                self.who.account == account && but != Some(self.who.token)
            }
            Whom::Session(id) => self.id == id,
        };
        if is_meant {
            self.end(cause, reason, ctx);
        }
    }
}

impl Session {
    /// Ends, and says why to a client that has said hello. It goes past the outbox: what waits there is for a peer
    /// that does not read, and an end waits for nobody.
    pub(super) fn end(&mut self, cause: CloseCode, reason: Option<String>, ctx: &mut Ctx<Self>) {
        if let Some(reason) = &reason {
            log::info!(session = self.id.to_string(), account = self.who.account.to_string(), cause = cause.reason; "the reason of an end: {reason:?}");
        }
        if self.greeted {
            self.events += 1;
            let event = Event::SessionEnding {
                cause: cause.reason.to_owned(),
                reason,
                reconnect_after_ms: None,
            };
            let frame = ServerFrame::Event {
                seq: self.events,
                event,
            };
            self.transport.send(vec![frame.to_json().into()]);
        }
        ctx.exit(ended(cause.reason));
    }
}
