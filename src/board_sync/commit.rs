//! The commit of an upload, in the order that makes "durable" true: seal and check the bytes, ask for the
//! rights once more, publish the file, then the row that moves the head. No step before the last is visible.

use std::sync::Arc;

use guildhall_protocol::{Code, Head, Refusal, Warning};
use guildhall_rules::board_format;
use guildhall_rules::rights::CampaignAct;
use guildhall_store::blobs::{self, BlobStore, Partial, Sealed};
use guildhall_store::queries::{BoardRow, board_with_head, revision as revision_row};

use super::Ticket;
use crate::campaign::Campaign;
use crate::hall::HallRef;
use crate::persistence::{
    Author, Cause, Change, Outcome, Write, changes, refusal_of, rejection_of,
};
use crate::refusal;

/// What a commit needs to know; taken out of the process, so that it can go on serving its audience.
pub(super) struct Settling {
    pub hall: HallRef,
    pub board: BoardRow,
    pub ticket: Ticket,
    pub claimed_hash: Option<String>,
}

pub(super) struct Settled {
    pub head: Head,
    pub warnings: Vec<Warning>,
}

pub(super) enum Unsettled {
    Refused(Refusal),
    /// Nobody knows whether the head moved; the sentence for the uploader.
    Unknown(Refusal),
    /// Another commit was first and made this head, if it could be read; this content is kept as a side
    /// revision.
    HeadMoved(Option<Head>),
}

impl From<Refusal> for Unsettled {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Settling {
    pub(super) async fn settle(self, partial: Partial) -> Result<Settled, Unsettled> {
        let (sealed, warnings) = self.seal_and_check(partial).await?;
        if let Err(refusal) = self.rights_again().await {
            self.withdraw(sealed);
            return Err(refusal.into());
        }
        let (hash, size_bytes) = (sealed.hash, sealed.size);
        self.publish(sealed).await?;
        let revision = self.move_head(hash, size_bytes).await?;
        let head = self.head(revision, hash, size_bytes).await;
        Ok(Settled { head, warnings })
    }

    async fn rights_again(&self) -> Result<(), Refusal> {
        let (campaign, account) = (self.board.campaign_id, self.ticket.account);
        let standing =
            Campaign::check(&self.hall, campaign, account, CampaignAct::UploadBoard).await?;
        if standing.rights_epoch != self.ticket.rights_epoch {
            log::info!(board = self.board.id.to_string(); "rights changed during an upload and still allow it");
        }
        Ok(())
    }

    fn withdraw(&self, sealed: Sealed) {
        let blobs = Arc::clone(&self.hall.blobs);
        drop(self.hall.files.run(move || withdrawn(&*blobs, sealed)));
    }

    async fn seal_and_check(&self, partial: Partial) -> Result<(Sealed, Vec<Warning>), Refusal> {
        let blobs = Arc::clone(&self.hall.blobs);
        let format = self.board.format.clone();
        let limits = self.hall.config.limits.map.clone();
        let claimed = self.claimed_hash.clone();
        let job = self.hall.files.run(move || {
            let sealed = blobs.seal(partial).map_err(|e| refusal::store(&e))?;
            let checked = check(&sealed, &format, &limits, claimed.as_deref());
            match checked {
                Ok(warnings) => Ok((sealed, warnings)),
                Err(refusal) => {
                    withdrawn(&*blobs, sealed);
                    Err(refusal)
                }
            }
        });
        job.await.map_err(|e| refusal::job(&e))?
    }

    async fn publish(&self, sealed: Sealed) -> Result<(), Refusal> {
        let blobs = Arc::clone(&self.hall.blobs);
        let job = self.hall.files.run(move || blobs.publish(sealed));
        job.await
            .map_err(|e| refusal::job(&e))?
            .map(drop)
            .map_err(|e| refusal::store(&e))
    }

    async fn move_head(&self, hash: blobs::BlobHash, size_bytes: u64) -> Result<u32, Unsettled> {
        let change = Change::AddRevision(changes::AddRevision {
            board: self.board.id,
            expected_head: self.ticket.base,
            revision: self.ticket.base.unwrap_or(0).saturating_add(1),
            hash,
            size_bytes,
            format: self.board.format.clone(),
            by: self.ticket.account,
        });
        let by = Author {
            account: self.ticket.account,
            session: Some(self.ticket.session_id),
        };
        let decided = self.hall.submit(Write::Change(change, by)).await;
        match decided.map_err(Unsettled::Unknown)? {
            Ok(Outcome::Durable { version }) => Ok(version),
            Ok(Outcome::Refused(refused)) if refused.cause == Cause::Stale => {
                Err(Unsettled::HeadMoved(self.head_that_won().await))
            }
            Ok(Outcome::Refused(refused)) => Err(refusal_of(&refused).into()),
            Err(reason) => Err(rejection_of(reason).into()),
        }
    }

    /// The head that won, as the database has it: its commit may not be back at the board yet.
    async fn head_that_won(&self) -> Option<Head> {
        let board = self.board.id;
        let found = self.hall.read(move |conn| board_with_head(conn, board));
        let (_, head) = found.await.ok()??;
        head.map(super::head_view)
    }

    /// The new head as the database has it; if it cannot be read now, as it was written, which differs by
    /// the milliseconds until the commit only.
    async fn head(&self, revision: u32, hash: blobs::BlobHash, size_bytes: u64) -> Head {
        let board = self.board.id;
        let row = self
            .hall
            .read(move |conn| revision_row(conn, board, revision));
        match row.await {
            Ok(Some(row)) => super::head_view(row),
            _ => Head {
                revision,
                hash: blobs::hex(&hash),
                size_bytes,
                format: self.board.format.clone(),
                created_at_us: self.hall.now_us(),
                by: self.ticket.account,
            },
        }
    }
}

/// The server's own hash against the client's, and the format's rules.
fn check(
    sealed: &Sealed,
    format: &str,
    limits: &board_format::FormatLimits,
    claimed: Option<&str>,
) -> Result<Vec<Warning>, Refusal> {
    let hash = blobs::hex(&sealed.hash);
    if claimed.is_some_and(|claimed| !claimed.eq_ignore_ascii_case(&hash)) {
        return Err(Refusal::new(
            Code::HashMismatch,
            format!("What arrived has the hash {hash}, not the one you named."),
        ));
    }
    let format = board_format::by_name(format)
        .ok_or_else(|| Refusal::new(Code::Internal, "The board has a format nobody knows."))?;
    if !format.reads_content() {
        return Ok(Vec::new());
    }
    let bytes = std::fs::read(&sealed.path).map_err(|error| {
        log::error!("a sealed upload cannot be read: {error}");
        Refusal::new(Code::Unavailable, "The upload cannot be read back.")
    })?;
    let checked = format.check(&bytes, limits).map_err(|refused| {
        let refusal = Refusal::new(Code::MapInvalid, refused.sentence).rule(refused.rule);
        match refused.path {
            Some(path) => refusal.detail(serde_json::json!({ "path": path })),
            None => refusal,
        }
    })?;
    let warnings = checked.warnings.into_iter().map(|w| Warning {
        code: w.code.to_string(),
        message: w.message,
    });
    Ok(warnings.collect())
}

/// Removes a content that nobody will name; a failure costs disk space only.
fn withdrawn(blobs: &dyn BlobStore, sealed: Sealed) {
    if let Err(error) = blobs.withdraw(sealed) {
        log::warn!("a refused upload could not be removed: {error}");
    }
}
