//! Who has the board open: joining, leaving, what each has loaded, and what all of them are told.

use std::time::Duration;

use bytestring::ByteString;
use guildhall_process::{Ctx, Handle, Pid, ProcRef};
use guildhall_protocol::{Code, Event, Refusal, Role, ServerFrame};
use guildhall_rules::rights::CampaignAct;

use super::uploads::stale;
use super::{BoardSync, Close, Loaded, Open, Opened, Status, Told, Viewer};
use crate::session::{self, Deliver, Session};

/// How long the audience waits to be told its new size.
const AUDIENCE_PAUSE: Duration = Duration::from_millis(20);

pub(super) struct TellAudience;

impl BoardSync {
    pub(super) fn audience_size(&self) -> u32 {
        u32::try_from(self.audience.len()).unwrap_or(u32::MAX)
    }

    /// Encodes the event once and hands it to everyone who has the board open.
    pub(super) fn broadcast(&mut self, event: Event) {
        self.seq += 1;
        let frame = ServerFrame::Event {
            seq: self.seq,
            event,
        };
        let text = ByteString::from(frame.to_json());
        for viewer in self.audience.values() {
            session::tell_or_end(&viewer.session, Deliver { text: text.clone() });
        }
    }

    pub(super) fn leave(&mut self, session: Pid) -> Option<Viewer> {
        let viewer = self.audience.remove(&session)?;
        self.uploads.retain(|_, ticket| ticket.session != session);
        Some(viewer)
    }

    /// Tells the audience its size soon: many who come and go at once make one event.
    pub(super) fn audience_changed(&mut self, ctx: &mut Ctx<Self>) {
        if !std::mem::replace(&mut self.audience_to_tell, true) {
            ctx.send_after(AUDIENCE_PAUSE, TellAudience);
        }
    }

    pub(super) fn viewer(&self, session: Pid) -> Result<&Viewer, Refusal> {
        self.audience
            .get(&session)
            .ok_or_else(|| Refusal::new(Code::NotOpen, "This session has not opened the board."))
    }
}

impl Handle<TellAudience> for BoardSync {
    fn handle(&mut self, _: TellAudience, _: &mut Ctx<Self>) {
        self.audience_to_tell = false;
        let (board, audience) = (self.id, self.audience_size());
        self.broadcast(Event::BoardAudienceChanged { board, audience });
    }
}

impl Handle<Open> for BoardSync {
    fn handle(
        &mut self,
        Open {
            session,
            account,
            reply,
        }: Open,
        ctx: &mut Ctx<Self>,
    ) {
        self.asked = true;
        let standing = self.check(account, CampaignAct::OpenBoard);
        ctx.run(standing, move |this, standing, ctx| {
            // Who no longer waits does not know that it would be in.
            if reply.is_waiting() {
                reply.send(standing.and_then(|s| this.join(session, s.role, ctx)));
            }
        });
    }
}

impl BoardSync {
    fn join(
        &mut self,
        session: ProcRef<Session>,
        role: Role,
        ctx: &mut Ctx<Self>,
    ) -> Result<Opened, Refusal> {
        let board = self
            .board
            .as_ref()
            .map(|board| self.view(board))
            .ok_or_else(|| Refusal::new(Code::Unavailable, "The board is loading."))?;
        let pid = session.pid();
        let known = self.audience.remove(&pid);
        let rejoins = known.is_some();
        let (monitor, loaded) = match known {
            Some(viewer) => (viewer.monitor, viewer.loaded),
            None => (ctx.monitor(pid), None),
        };
        let audience = self.audience_size().saturating_add(1);
        if !rejoins {
            self.audience_changed(ctx);
        }
        let viewer = Viewer {
            session,
            monitor,
            loaded,
        };
        self.audience.insert(pid, viewer);
        Ok(Opened {
            board,
            role,
            audience,
            position: self.position(),
        })
    }
}

impl Handle<Close> for BoardSync {
    fn handle(&mut self, Close { session, reply }: Close, ctx: &mut Ctx<Self>) {
        if let Some(viewer) = self.leave(session) {
            ctx.demonitor(viewer.monitor);
            self.audience_changed(ctx);
        }
        reply.send(());
    }
}

impl Handle<Status> for BoardSync {
    fn handle(&mut self, Status { session, reply }: Status, _: &mut Ctx<Self>) {
        let told = self.viewer(session).map(|_| Told {
            head: self.head.clone(),
            audience: self.audience_size(),
            position: self.position(),
        });
        reply.send(told);
    }
}

impl Handle<Loaded> for BoardSync {
    fn handle(&mut self, loaded: Loaded, _: &mut Ctx<Self>) {
        let Loaded {
            session,
            revision,
            hash,
            reply,
        } = loaded;
        reply.send(self.note_loaded(session, revision, &hash));
    }
}

impl BoardSync {
    fn note_loaded(&mut self, session: Pid, revision: u32, hash: &str) -> Result<(), Refusal> {
        self.viewer(session)?;
        let head = self
            .head
            .as_ref()
            .filter(|head| head.revision == revision)
            .ok_or_else(|| stale(self.head.as_ref()))?;
        if head.hash != hash {
            return Err(Refusal::new(
                Code::HashMismatch,
                "What you loaded is not this revision; load it again.",
            ));
        }
        if let Some(viewer) = self.audience.get_mut(&session) {
            viewer.loaded = Some(revision);
        }
        Ok(())
    }
}
