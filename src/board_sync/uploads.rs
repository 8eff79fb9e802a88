//! The uploads under way to a board: a ticket on a base, and the commit that moves the head or loses against
//! another.

use std::sync::Arc;

use guildhall_process::{Ctx, Handle, Pid};
use guildhall_protocol::{Code, Head, Refusal};
use guildhall_rules::rights::CampaignAct;
use uuid::Uuid;

use super::{Abandon, BeginUpload, BoardSync, Commit, Committed, Ticket, commit};
use crate::campaign::Standing;

/// What the loser of two commits does next.
const KEPT_ASIDE: &str =
    "Your upload was kept as a side revision; load the head, merge, and upload on it.";

/// The conflict that names the present head.
pub(super) fn stale(head: Option<&Head>) -> Refusal {
    let sentence = match head {
        Some(head) => format!("The head of this board is revision {}.", head.revision),
        None => "This board has no revision yet.".to_string(),
    };
    Refusal::new(Code::StaleBase, sentence).detail(serde_json::json!({ "head": head }))
}

impl Handle<BeginUpload> for BoardSync {
    fn handle(&mut self, begin: BeginUpload, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let standing = self.check(begin.account, CampaignAct::UploadBoard);
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
