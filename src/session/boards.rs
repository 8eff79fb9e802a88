//! Requests about boards: create and list by the campaign's rights, the rest at the board this session has
//! bound. What is not bound is refused at once.

use std::sync::Arc;

use guildhall_process::{Ctx, Down, ProcRef};
use guildhall_protocol::http::revision_path;
use guildhall_protocol::{Answer, Ask, BoardView, Code, Event, Refusal};
use guildhall_rules::board_format;
use guildhall_rules::rights::CampaignAct;
use guildhall_store::queries;
use uuid::Uuid;

use super::campaigns::title;
use super::{Bound, Session};
use crate::board_sync::{self, BoardSync, head_view};
use crate::campaign::Campaign;
use crate::character::Actor;
use crate::hall::{self, HallRef};
use crate::persistence::{Change, changes};
use crate::refusal;

impl Session {
    pub(super) fn board_request(&mut self, id: Uuid, ask: Ask, ctx: &mut Ctx<Self>) {
        let hall = Arc::clone(&self.hall);
        let actor = self.actor();
        match ask {
            Ask::BoardCreate {
                campaign,
                name,
                format,
            } => {
                self.answer_later(id, create(hall, actor, campaign, name, format), ctx);
            }
            Ask::BoardList { campaign } => {
                self.answer_later(id, list(hall, actor.account, campaign), ctx);
            }
            Ask::BoardOpen { board } => self.open(id, board, ctx),
            Ask::BoardClose { board } => self.close(id, board, ctx),
            Ask::BoardStatus { board } => self.status(id, board, ctx),
            Ask::BoardLoaded {
                board,
                revision,
                hash,
            } => {
                self.loaded(id, board, revision, hash, ctx);
            }
            _ => {}
        }
    }

    /// The board's process, if this session has it open.
    pub(super) fn bound_board(&self, board: Uuid) -> Result<ProcRef<BoardSync>, Refusal> {
        self.bound
            .get(&board)
            .map(|bound| bound.board.clone())
            .ok_or_else(|| Refusal::new(Code::NotOpen, "This session has not opened the board."))
    }

    fn open(&mut self, id: Uuid, board: Uuid, ctx: &mut Ctx<Self>) {
        let (hall, session, account) = (Arc::clone(&self.hall), ctx.me(), self.who.account);
        let opened = async move {
            let process = BoardSync::reach(&hall, board).await?;
            let opened = process
                .call(hall::CALL_TIMEOUT, |reply| board_sync::Open {
                    session,
                    account,
                    reply,
                })
                .await
                .map_err(|e| refusal::call(&e))??;
            Ok((process, opened))
        };
        self.then(id, opened, ctx, move |this, opened, ctx| {
            let (process, opened) = opened?;
            let monitor = ctx.monitor(process.pid());
            let bound = Bound {
                board: process,
                monitor,
            };
            if let Some(earlier) = this.bound.insert(board, bound) {
                ctx.demonitor(earlier.monitor);
            }
            let head = opened.board.head.as_ref();
            Ok(Answer::BoardOpened {
                download: head.map(|head| revision_path(board, head.revision)),
                board: opened.board,
                role: opened.role,
                audience: opened.audience,
                position: opened.position,
            })
        });
    }

    fn close(&mut self, id: Uuid, board: Uuid, ctx: &mut Ctx<Self>) {
        let Some(bound) = self.bound.remove(&board) else {
            let refusal = Refusal::new(Code::NotOpen, "This session has not opened the board.");
            return self.answer(id, Err(refusal), ctx);
        };
        ctx.demonitor(bound.monitor);
        self.uploads.forget_board(bound.board.pid());
        let session = ctx.pid();
        let closed = bound
            .board
            .call(hall::CALL_TIMEOUT, |reply| board_sync::Close {
                session,
                reply,
            });
        let answer = async move {
            closed.await.map_err(|e| refusal::call(&e))?;
            Ok(Answer::BoardClosed { board })
        };
        self.answer_later(id, answer, ctx);
    }

    fn status(&mut self, id: Uuid, board: Uuid, ctx: &mut Ctx<Self>) {
        let session = ctx.pid();
        let process = match self.bound_board(board) {
            Ok(process) => process,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        let told = process.call(hall::CALL_TIMEOUT, |reply| board_sync::Status {
            session,
            reply,
        });
        let answer = async move {
            let board_sync::Told {
                head,
                audience,
                position,
            } = told.await.map_err(|e| refusal::call(&e))??;
            Ok(Answer::BoardStatusTold {
                board,
                head,
                audience,
                durable_through: position.seq,
                position,
                unsaved_since_us: None,
            })
        };
        self.answer_later(id, answer, ctx);
    }

    fn loaded(&mut self, id: Uuid, board: Uuid, revision: u32, hash: String, ctx: &mut Ctx<Self>) {
        let session = ctx.pid();
        let process = match self.bound_board(board) {
            Ok(process) => process,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        let noted = process.call(hall::CALL_TIMEOUT, |reply| board_sync::Loaded {
            session,
            revision,
            hash,
            reply,
        });
        let answer = async move {
            noted.await.map_err(|e| refusal::call(&e))??;
            Ok(Answer::BoardLoadNoted { board, revision })
        };
        self.answer_later(id, answer, ctx);
    }

    /// A bound board's process died: the binding is gone, and the client hears so before it can edit on.
    pub(super) fn board_down(&mut self, down: &Down, ctx: &mut Ctx<Self>) {
        let lost = self.bound.iter().find(|(_, b)| b.monitor == down.monitor);
        let Some(board) = lost.map(|(board, _)| *board) else {
            return;
        };
        self.bound.remove(&board);
        self.uploads.forget_board(down.pid);
        let reason = down.reason.label().to_string();
        self.event(Event::BoardUnbound { board, reason }, ctx);
    }
}

async fn create(
    hall: HallRef,
    actor: Actor,
    campaign: Uuid,
    name: String,
    format: String,
) -> Result<Answer, Refusal> {
    let name = title(&name)?;
    Campaign::check(&hall, campaign, actor.account, CampaignAct::CreateBoard).await?;
    if board_format::by_name(&format).is_none() {
        let sentence = format!("The format {format:?} is not known.");
        return Err(Refusal::new(Code::BadField, sentence).rule("board.format_known"));
    }
    let board = Uuid::now_v7();
    let change = Change::CreateBoard(changes::CreateBoard {
        id: board,
        campaign,
        name: name.clone(),
        format: format.clone(),
    });
    hall.change(change, actor.author()).await?;
    let board = BoardView {
        board,
        campaign,
        name,
        format,
        head: None,
    };
    Ok(Answer::BoardCreated { board })
}

async fn list(hall: HallRef, account: Uuid, campaign: Uuid) -> Result<Answer, Refusal> {
    Campaign::check(&hall, campaign, account, CampaignAct::OpenBoard).await?;
    let rows = hall
        .read(move |conn| queries::boards_with_heads(conn, campaign))
        .await?;
    let view = |(row, head): queries::BoardWithHead| BoardView {
        board: row.id,
        campaign: row.campaign_id,
        name: row.name,
        format: row.format,
        head: head.map(head_view),
    };
    let boards = rows.into_iter().map(view).collect();
    Ok(Answer::BoardListed { boards })
}
