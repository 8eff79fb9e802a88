//! The board process: one open board's head, its audience and its uploads under way. In `boards`,
//! temporary, stops when nobody has the board open. It asks the campaign's live state before every upload
//! and again at every commit; the head moves only by compare-and-set in the database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;
use guildhall_process::{Ctx, Down, ExitReason, Handle, Init, MonitorRef, Pid, ProcRef, Process};
use guildhall_protocol::http::revision_path;
use guildhall_protocol::{BoardView, Code, Event, Head, Position, Refusal, Role, ServerFrame};
use guildhall_rules::rights::Act;
use guildhall_store::blobs;
use guildhall_store::queries::{BoardRow, RevisionRow, board_with_head};
use uuid::Uuid;

use crate::campaign::{Campaign, Standing};
use crate::hall::{self, HallRef, NOT_FOUND};
use crate::session::{self, Deliver, Session};

mod commit;
mod messages;

pub use messages::{
    Abandon, BeginUpload, Close, Commit, Committed, Loaded, Open, Opened, Status, Told,
};

/// A board that nobody has open this long stops.
const IDLE_STOP: Duration = Duration::from_secs(60);

/// How long the audience waits to be told its new size.
const AUDIENCE_PAUSE: Duration = Duration::from_millis(20);
/// How soon the head is read again when that failed.
const RELOAD_RETRY: Duration = Duration::from_secs(1);

/// See the file's head.
pub struct BoardSync {
    hall: HallRef,
    id: Uuid,
    board: Option<BoardRow>,
    head: Option<Head>,
    incarnation: Uuid,
    seq: u64,
    audience: HashMap<Pid, Viewer>,
    uploads: HashMap<Uuid, Ticket>,
    audience_to_tell: bool,
    asked: bool,
}

/// A session that has the board open.
struct Viewer {
    session: ProcRef<Session>,
    monitor: MonitorRef,
    /// The newest revision that it acknowledged to have loaded, or made itself.
    loaded: Option<u32>,
}

/// What an upload was granted on.
#[derive(Clone)]
struct Ticket {
    session: Pid,
    session_id: Uuid,
    account: Uuid,
    base: Option<u32>,
    rights_epoch: u32,
}

impl BoardSync {
    /// A process for board `id`.
    #[must_use]
    pub fn new(hall: HallRef, id: Uuid) -> Self {
        Self {
            hall,
            id,
            board: None,
            head: None,
            incarnation: Uuid::now_v7(),
            seq: 0,
            audience: HashMap::new(),
            uploads: HashMap::new(),
            audience_to_tell: false,
            asked: true,
        }
    }

    /// The live process of board `id`.
    ///
    /// # Errors
    /// `not_found`, `unavailable`, `overloaded`.
    pub async fn reach(hall: &HallRef, id: Uuid) -> Result<ProcRef<Self>, Refusal> {
        let root = Arc::clone(hall);
        hall.boards.reach(id, move || Self::new(root, id)).await
    }

    /// Asks the campaign's live state about one of the audience or somebody who wants to join it.
    fn check(
        &self,
        account: Uuid,
        act: Act,
    ) -> impl Future<Output = Result<Standing, Refusal>> + use<> {
        let hall = Arc::clone(&self.hall);
        let campaign = self.board.as_ref().map(|b| b.campaign_id);
        async move {
            match campaign {
                Some(campaign) => Campaign::check(&hall, campaign, account, act).await,
                None => Err(Refusal::new(Code::Unavailable, "The board is loading.")),
            }
        }
    }

    fn view(&self, board: &BoardRow) -> BoardView {
        BoardView {
            board: self.id,
            campaign: board.campaign_id,
            name: board.name.clone(),
            format: board.format.clone(),
            head: self.head.clone(),
        }
    }

    fn position(&self) -> Position {
        Position {
            incarnation: self.incarnation,
            seq: self.seq,
        }
    }

    fn audience_size(&self) -> u32 {
        u32::try_from(self.audience.len()).unwrap_or(u32::MAX)
    }

    /// Encodes the event once and hands it to everyone who has the board open.
    fn broadcast(&mut self, event: Event) {
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

    fn leave(&mut self, session: Pid) -> Option<Viewer> {
        let viewer = self.audience.remove(&session)?;
        self.uploads.retain(|_, ticket| ticket.session != session);
        Some(viewer)
    }

    /// Tells the audience its size soon: many who come and go at once make one event.
    fn audience_changed(&mut self, ctx: &mut Ctx<Self>) {
        if !std::mem::replace(&mut self.audience_to_tell, true) {
            ctx.send_after(AUDIENCE_PAUSE, TellAudience);
        }
    }

    /// Takes over a head that the database has, and tells everyone; an older one changes nothing.
    fn adopt(&mut self, head: &Head, by_upload: Option<Uuid>) {
        let present = self.head.as_ref().map(|present| present.revision);
        if present.is_some_and(|present| present >= head.revision) {
            return;
        }
        self.head = Some(head.clone());
        self.broadcast(Event::BoardHeadMoved {
            board: self.id,
            download: revision_path(self.id, head.revision),
            head: head.clone(),
            by_upload,
        });
    }

    /// Reads the head after a commit whose outcome nobody knows.
    fn reload_head(&self, ctx: &mut Ctx<Self>) {
        let (hall, id) = (Arc::clone(&self.hall), self.id);
        let row = async move {
            hall.read_settled(move |conn| board_with_head(conn, id))
                .await
        };
        ctx.run(row, |this, row, ctx| match row {
            Ok(found) => {
                if let Some(head) = found.and_then(|(_, head)| head) {
                    this.adopt(&head_view(head), None);
                }
            }
            Err(_) => drop(ctx.send_after(RELOAD_RETRY, ReloadHead)),
        });
    }

    fn viewer(&self, session: Pid) -> Result<&Viewer, Refusal> {
        self.audience
            .get(&session)
            .ok_or_else(|| Refusal::new(Code::NotOpen, "This session has not opened the board."))
    }
}

struct IdleCheck;
struct TellAudience;
struct ReloadHead;

impl Process for BoardSync {
    const KIND: &'static str = "board_sync";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Err(taken) = self.hall.boards.registry().register(self.id, &ctx.me()) {
            return Init::Fail(hall::lost_race(&taken));
        }
        let id = self.id;
        let row = self
            .hall
            .read_settled(move |conn| board_with_head(conn, id));
        ctx.wait(row, |this, row, ctx| match row {
            Ok(Some((board, head))) => {
                this.head = head.map(head_view);
                this.board = Some(board);
                ctx.send_after(IDLE_STOP, IdleCheck);
                ctx.init_done(Ok(()));
            }
            Ok(None) => ctx.init_done(Err(ExitReason::shutdown_with(NOT_FOUND))),
            Err(refusal) => ctx.init_done(Err(ExitReason::error(refusal.message))),
        });
        Init::Pending
    }

    fn handle_down(&mut self, down: Down, ctx: &mut Ctx<Self>) {
        if self.leave(down.pid).is_some() {
            self.audience_changed(ctx);
        }
    }

    fn state_summary(&self) -> Option<String> {
        Some(format!(
            "board {}, head {:?}, {} viewers, {} uploads",
            self.id,
            self.head.as_ref().map(|h| h.revision),
            self.audience.len(),
            self.uploads.len()
        ))
    }
}

/// A stored revision as the wire shows it.
#[must_use]
pub fn head_view(row: RevisionRow) -> Head {
    Head {
        revision: row.revision,
        hash: blobs::hex(&row.hash),
        size_bytes: row.size_bytes,
        format: row.format,
        created_at_us: row.created_at,
        by: row.created_by,
    }
}

impl Handle<IdleCheck> for BoardSync {
    fn handle(&mut self, _: IdleCheck, ctx: &mut Ctx<Self>) {
        if std::mem::take(&mut self.asked) || !self.audience.is_empty() {
            ctx.send_after(IDLE_STOP, IdleCheck);
        } else {
            ctx.exit(ExitReason::Normal);
        }
    }
}

impl Handle<TellAudience> for BoardSync {
    fn handle(&mut self, _: TellAudience, _: &mut Ctx<Self>) {
        self.audience_to_tell = false;
        let (board, audience) = (self.id, self.audience_size());
        self.broadcast(Event::BoardAudienceChanged { board, audience });
    }
}

impl Handle<ReloadHead> for BoardSync {
    fn handle(&mut self, _: ReloadHead, ctx: &mut Ctx<Self>) {
        self.reload_head(ctx);
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
        let standing = self.check(account, Act::OpenBoard);
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

/// What the loser of two commits does next.
const KEPT_ASIDE: &str =
    "Your upload was kept as a side revision; load the head, merge, and upload on it.";

/// The conflict that names the present head.
fn stale(head: Option<&Head>) -> Refusal {
    let sentence = match head {
        Some(head) => format!("The head of this board is revision {}.", head.revision),
        None => "This board has no revision yet.".to_string(),
    };
    Refusal::new(Code::StaleBase, sentence).detail(serde_json::json!({ "head": head }))
}

impl Handle<BeginUpload> for BoardSync {
    fn handle(&mut self, begin: BeginUpload, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let standing = self.check(begin.account, Act::UploadBoard);
        ctx.run(standing, move |this, standing, _| {
            if begin.reply.is_waiting() {
                let granted = standing.and_then(|standing| this.grant(&begin, standing));
                begin.reply.send(granted);
            }
        });
    }
}

impl BoardSync {
    /// Rights come first, so that somebody without them learns nothing else; then what the upload builds on.
    fn grant(&mut self, begin: &BeginUpload, standing: Standing) -> Result<Uuid, Refusal> {
        let viewer = self.viewer(begin.session)?;
        let format = self.board.as_ref().map(|b| b.format.as_str());
        if let Some(meant) = begin.format.as_deref().filter(|f| Some(*f) != format) {
            let sentence = format!("This board takes {}, not {meant}.", format.unwrap_or("?"));
            return Err(Refusal::new(Code::FormatMismatch, sentence));
        }
        if begin.size_bytes == 0 {
            let refusal = Refusal::new(Code::BadField, "A board has at least one byte.");
            return Err(refusal.rule("upload.size_min"));
        }
        if begin.size_bytes > self.hall.config.limits.upload_bytes_max {
            let max = self.hall.config.limits.upload_bytes_max;
            let sentence = format!("An upload may have {max} bytes.");
            return Err(Refusal::new(Code::UploadTooLarge, sentence));
        }
        let head = self.head.as_ref().map(|head| head.revision);
        if begin.base != head {
            return Err(stale(self.head.as_ref()));
        }
        if head.is_some() && viewer.loaded != head {
            return Err(Refusal::new(
                Code::BaseNotLoaded,
                "This session has not acknowledged loading the revision it wants to replace.",
            ));
        }
        let upload = Uuid::now_v7();
        let ticket = Ticket {
            session: begin.session,
            session_id: begin.session_id,
            account: begin.account,
            base: begin.base,
            rights_epoch: standing.rights_epoch,
        };
        self.uploads.insert(upload, ticket);
        Ok(upload)
    }
}

impl Handle<Abandon> for BoardSync {
    fn handle(&mut self, Abandon { upload, session }: Abandon, _: &mut Ctx<Self>) {
        if self
            .uploads
            .get(&upload)
            .is_some_and(|t| t.session == session)
        {
            self.uploads.remove(&upload);
        }
    }
}

impl Handle<Commit> for BoardSync {
    fn handle(&mut self, commit: Commit, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let Commit {
            upload,
            session,
            partial,
            claimed_hash,
            reply,
        } = commit;
        let ticket = self
            .uploads
            .remove(&upload)
            .filter(|t| t.session == session);
        let (Some(ticket), Some(board)) = (ticket, self.board.clone()) else {
            let sentence = "This upload is not known, or has ended.";
            reply.send(Err(Refusal::new(Code::UploadUnknown, sentence)));
            return;
        };
        let settling = commit::Settling {
            hall: Arc::clone(&self.hall),
            board,
            ticket,
            claimed_hash,
        };
        ctx.run(settling.settle(partial), move |this, settled, ctx| {
            reply.send(this.settled(settled, session, upload, ctx));
        });
    }
}

impl BoardSync {
    fn settled(
        &mut self,
        settled: Result<commit::Settled, commit::Unsettled>,
        session: Pid,
        upload: Uuid,
        ctx: &mut Ctx<Self>,
    ) -> Result<Committed, Refusal> {
        let commit::Settled { head, warnings } = match settled {
            Ok(settled) => settled,
            Err(commit::Unsettled::Refused(refusal)) => return Err(refusal),
            Err(commit::Unsettled::Unknown(refusal)) => {
                self.reload_head(ctx);
                return Err(refusal);
            }
            Err(commit::Unsettled::HeadMoved(head)) => {
                match &head {
                    Some(head) => self.adopt(head, None),
                    None => self.reload_head(ctx),
                }
                return Err(stale(head.as_ref().or(self.head.as_ref())).next(KEPT_ASIDE));
            }
        };
        if let Some(viewer) = self.audience.get_mut(&session) {
            viewer.loaded = Some(head.revision);
        }
        self.adopt(&head, Some(upload));
        Ok(Committed {
            board: self.id,
            head,
            warnings,
        })
    }
}
