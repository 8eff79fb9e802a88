//! Puts one entity back to one version of its history and tells those who play with it. The database decides:
//! a save that waits finds another version than its base, and a character's play epoch has risen. Called by
//! the admin listener.

use guildhall_protocol::{Code, Event, Refusal};
use guildhall_store::queries;
use uuid::Uuid;

use crate::character::document;
use crate::hall::HallRef;
use crate::persistence::{Author, Change, EntityKey, EntityKind, changes};
use crate::presence::Tell;

/// The reason in the events that tell of a restore.
const REASON: &str = "restored";

/// What a restore made.
pub struct Restored {
    /// The new version.
    pub version: u32,
    /// What the state that was put back does not know of; none where that could not be read.
    pub crossed: Option<Vec<queries::CrossedEscrow>>,
}

/// Makes a new version of the entity with the state of `version`, and looks what that crosses.
///
/// # Errors
/// `not_found` when there is no such entity, or its history holds no such version; `unavailable`.
pub async fn restore(
    hall: &HallRef,
    kind: EntityKind,
    id: Uuid,
    version: u32,
) -> Result<Restored, Refusal> {
    let entity = EntityKey { kind, id };
    let change = Change::Restore(changes::Restore { entity, version });
    let made = hall.change(change, Author::SERVER).await?;
    log::info!(
        entity = kind.as_str(), id = id.to_string(), version, made;
        "restored by an operator"
    );
    // It is restored whatever becomes of this: who is not told finds out at the next save.
    match news(hall, kind, id).await {
        Ok(news) => {
            let _ = hall.presence.tell(news);
        }
        Err(refusal) => log::warn!("nobody could be told of the restore: {refusal}"),
    }
    let crossed = hall.read(move |conn| queries::crossed_escrows(conn, entity, version));
    let crossed = crossed.await;
    let crossed =
        crossed.inspect_err(|refusal| log::warn!("what it crosses is not known: {refusal}"));
    Ok(Restored {
        version: made,
        crossed: crossed.ok(),
    })
}

/// What is there now, for those whom it concerns.
async fn news(hall: &HallRef, kind: EntityKind, id: Uuid) -> Result<Tell, Refusal> {
    let gone = || Refusal::new(Code::NotFound, "It is gone again.");
    let reason = REASON.to_owned();
    let (accounts, event) = match kind {
        EntityKind::Character => {
            let found = hall.read(move |conn| {
                let Some(row) = queries::character(conn, id)? else {
                    return Ok(None);
                };
                // A service may act for any character of its realm.
                let mut accounts = queries::services_of(conn, row.realm_id)?;
                accounts.push(row.account_id);
                Ok(Some((row, accounts)))
            });
            let (row, accounts) = found.await?.ok_or_else(gone)?;
            let event = Event::CharacterReloaded {
                character: id,
                reason,
                version: row.version,
                state: document(&row.state),
            };
            (accounts, event)
        }
        EntityKind::Ship => {
            let found = hall.read(move |conn| queries::guild(conn, id)).await?;
            let (row, members) = found.ok_or_else(gone)?;
            let event = Event::ShipReloaded {
                guild: id,
                reason,
                version: row.ship_version,
                state: document(&row.ship_state),
            };
            let accounts = members.iter().map(|member| member.account_id);
            (accounts.collect(), event)
        }
    };
    Ok(Tell {
        accounts,
        except: None,
        event,
    })
}
