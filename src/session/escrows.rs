//! What lies in escrow between characters and ships, for those who may act for one side.

use std::sync::Arc;

use guildhall_process::Ctx;
use guildhall_protocol::{Answer, Code, EscrowView, Refusal};
use guildhall_rules::rights::GuildAct;
use guildhall_store::queries::{self, EscrowRow};
use uuid::Uuid;

use super::Session;
use crate::character::{self, Actor};
use crate::guild::Guild;
use crate::hall::HallRef;
use crate::persistence::{EntityKey, EntityKind};

impl Session {
    /// `escrow.list`
    pub(super) fn escrows(
        &mut self,
        id: Uuid,
        side: (Option<Uuid>, Option<Uuid>),
        after: Option<Uuid>,
        ctx: &mut Ctx<Self>,
    ) {
        let side = match side {
            (Some(id), None) => (EntityKind::Character, id),
            (None, Some(id)) => (EntityKind::Ship, id),
            _ => {
                let sentence = "Name one character or one guild.";
                return self.answer(id, Err(Refusal::new(Code::BadField, sentence)), ctx);
            }
        };
        let (kind, thing) = side;
        let side = EntityKey { kind, id: thing };
        let listed = list(Arc::clone(&self.hall), self.actor(), side, after);
        self.answer_later(id, listed, ctx);
    }
}

async fn list(
    hall: HallRef,
    actor: Actor,
    side: EntityKey,
    after: Option<Uuid>,
) -> Result<Answer, Refusal> {
    match side.kind {
        EntityKind::Character => drop(character::owned(&hall, &actor, side.id).await?),
        EntityKind::Ship => Guild::check(&hall, side.id, actor.account, GuildAct::Exchange).await?,
    }
    let bytes_max = hall.config.limits.list_bytes_max();
    let rows = hall
        .read(move |conn| queries::open_escrows(conn, side, after, bytes_max))
        .await?;
    let view = |row: EscrowRow| EscrowView {
        escrow: row.id,
        from: row.from,
        to: row.to,
        what: character::document(&row.what),
        given_by: row.given_by,
        given_at_us: row.given_at,
    };
    let escrows = rows.into_iter().map(view).collect();
    Ok(Answer::EscrowListed { escrows })
}
