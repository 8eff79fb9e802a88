//! The board process: one open board's head, its audience and its uploads under way. In `boards`,
//! temporary, stops when nobody has the board open. It asks the campaign's live state before every upload
//! and again at every commit; the head moves only by compare-and-set in the database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use guildhall_process::{Ctx, Down, ExitReason, Handle, Init, MonitorRef, Pid, ProcRef, Process};
use guildhall_protocol::http::revision_path;
use guildhall_protocol::{BoardView, Code, Event, Head, Position, Refusal};
use guildhall_rules::rights::CampaignAct;
use guildhall_store::blobs;
use guildhall_store::queries::{BoardRow, RevisionRow, board_with_head};
use uuid::Uuid;

use crate::campaign::{Campaign, Standing};
use crate::hall::{self, HallRef, NOT_FOUND};
use crate::session::Session;

mod audience;
mod commit;
mod messages;
mod uploads;

pub use messages::{
    Abandon, BeginUpload, Close, Commit, Committed, Loaded, Open, Opened, Status, Told,
};

/// A board that nobody has open this long stops.
const IDLE_STOP: Duration = Duration::from_secs(60);

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
        act: CampaignAct,
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
}

struct IdleCheck;
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

impl Handle<ReloadHead> for BoardSync {
    fn handle(&mut self, _: ReloadHead, ctx: &mut Ctx<Self>) {
        self.reload_head(ctx);
    }
}
