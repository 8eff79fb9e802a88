//! Puts one entity back to one version of its history and tells those who play with it. The database decides:
//! a save that waits finds another version than its base, and a character's play epoch has risen. Called by
//! the admin listener.

use std::collections::HashSet;
use std::sync::Arc;

use guildhall_protocol::{Code, Event, Refusal};
use guildhall_store::queries;
use serde_json::Value;
use uuid::Uuid;

use crate::character::document;
use crate::hall::HallRef;
use crate::persistence::{Author, Change, EntityKey, EntityKind, changes};
use crate::session::{Reloaded, tell_or_end};

/// The reason in the events that tell of a restore.
const REASON: &str = "restored";

/// Makes a new version of the entity with the state of `version`; the new version, once it is durable.
///
/// # Errors
/// `not_found` when there is no such entity, or its history holds no such version; `unavailable`.
pub async fn restore(
    hall: &HallRef,
    kind: EntityKind,
    id: Uuid,
    version: u32,
) -> Result<u32, Refusal> {
    let entity = EntityKey { kind, id };
    let change = Change::Restore(changes::Restore { entity, version });
    let made = hall.change(change, Author::SERVER).await?;
    log::info!(
        entity = kind.as_str(), id = id.to_string(), version, made;
        "restored by an operator"
    );
    // It is restored whatever becomes of this: who is not told finds out at the next save.
    match reloaded(hall, kind, id).await {
        Ok(reloaded) => tell(hall, &reloaded),
        Err(refusal) => log::warn!("nobody could be told of the restore: {refusal}"),
    }
    Ok(made)
}

/// What is there now, and whom it concerns.
async fn reloaded(hall: &HallRef, kind: EntityKind, id: Uuid) -> Result<Reloaded, Refusal> {
    let gone = || Refusal::new(Code::NotFound, "It is gone again.");
    let reason = REASON.to_owned();
    match kind {
        EntityKind::Character => {
            let row = hall.read(move |conn| queries::character(conn, id)).await?;
            let row = row.ok_or_else(gone)?;
            Ok(Reloaded {
                character: Some(id),
                accounts: Arc::new(HashSet::from([row.account_id])),
                event: Event::CharacterReloaded {
                    character: id,
                    reason,
                    version: row.version,
                    state: document(&row.state),
                },
            })
        }
        EntityKind::Ship => {
            let found = hall.read(move |conn| queries::guild(conn, id)).await?;
            let (row, members) = found.ok_or_else(gone)?;
            let state: Value = document(&row.ship_state);
            Ok(Reloaded {
                character: None,
                accounts: Arc::new(members.iter().map(|member| member.account_id).collect()),
                event: Event::ShipReloaded {
                    guild: id,
                    reason,
                    version: row.ship_version,
                    state,
                },
            })
        }
    }
}

fn tell(hall: &HallRef, reloaded: &Reloaded) {
    let sessions = hall.sessions.registry();
    for id in sessions.keys() {
        if let Some(session) = sessions.whereis(&id) {
            tell_or_end(&session, reloaded.clone());
        }
    }
}
