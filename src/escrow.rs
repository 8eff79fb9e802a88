//! What moves between a character and a ship: it leaves one side in the same write as that side's save, lies
//! in escrow, and arrives in the same write as the other side's save. Called by the session and the guild.

use std::sync::Arc;

use bytes::Bytes;
use guildhall_protocol::{Code, Refusal};
use guildhall_rules::rights::GuildAct;
use guildhall_store::queries;
use serde_json::Value;
use uuid::Uuid;

use crate::character;
use crate::guild::Guild;
use crate::hall::HallRef;
use crate::persistence::{Change, EntityKey, EntityKind, Member, Save, changes};

/// Something that is given.
pub struct Gift {
    /// The id that the giver's client made.
    pub escrow: Uuid,
    /// Who may take it.
    pub to: EntityKey,
    /// What, as it is stored.
    pub what: Bytes,
}

impl Gift {
    /// A gift as a client names it.
    ///
    /// # Errors
    /// `state_too_large`.
    pub fn new(
        hall: &HallRef,
        escrow: Uuid,
        (kind, id): (EntityKind, Uuid),
        what: &Value,
    ) -> Result<Self, Refusal> {
        let what = character::encode_state(hall, what)?.into();
        let to = EntityKey { kind, id };
        Ok(Self { escrow, to, what })
    }
}

/// A save with what leaves and what arrives with it; `realm` is that of both sides.
#[must_use]
pub fn members(
    hall: &HallRef,
    save: Save,
    realm: Uuid,
    gifts: Vec<Gift>,
    take: &[Uuid],
) -> Vec<Member> {
    let (key, version, by) = (save.key, save.version(), save.by.account);
    let open_max = u64::try_from(hall.config.limits.escrows_open_max).unwrap_or(u64::MAX);
    let put = |gift: Gift| {
        Change::PutEscrow(changes::PutEscrow {
            escrow: gift.escrow,
            realm,
            from: key,
            from_version: version,
            to: gift.to,
            what: gift.what,
            given_by: by,
            open_max,
        })
    };
    let taken = |escrow: &Uuid| {
        Change::TakeEscrow(changes::TakeEscrow {
            escrow: *escrow,
            to: key,
            to_version: version,
            taken_by: by,
        })
    };
    let moves = gifts.into_iter().map(put).chain(take.iter().map(taken));
    let moves = moves.map(Member::Change);
    std::iter::once(Member::Save(save)).chain(moves).collect()
}

/// Whether the owner of a character may give these, each an escrow and the guild for whose ship it is. One that
/// was given with this version may be given again, whatever became of the membership: the database tells whether
/// it is the same save, and writes none on a version that is past.
///
/// # Errors
/// `not_found`, for a guild that the owner is no member of too; `unavailable`.
pub async fn may_give(
    hall: &HallRef,
    owner: Uuid,
    (character, version): (Uuid, u32),
    gifts: Vec<(Uuid, Uuid)>,
) -> Result<(), Refusal> {
    let giver = EntityKey {
        kind: EntityKind::Character,
        id: character,
    };
    for (escrow, guild) in gifts {
        match Guild::check(hall, guild, owner, GuildAct::Exchange).await {
            Err(refusal) if refusal.code == Code::NotFound => {
                let given = hall.read(move |conn| queries::was_given(conn, escrow, giver, version));
                if !given.await? {
                    return Err(refusal);
                }
            }
            allowed => allowed?,
        }
    }
    Ok(())
}

/// The owners of characters; one that does not exist has none.
///
/// # Errors
/// `unavailable`.
pub async fn owners(hall: HallRef, characters: Vec<Uuid>) -> Result<Vec<Option<Uuid>>, Refusal> {
    let hall = Arc::clone(&hall);
    let owners = hall.read(move |conn| {
        let owner = |id| {
            let row = queries::character(conn, id)?;
            Ok(row.map(|row| row.account_id))
        };
        characters.into_iter().map(owner).collect()
    });
    owners.await
}
