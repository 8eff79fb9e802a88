//! Characters of an account: create, list, get, save, rename. No process of their own yet: the session
//! that plays them acts, the name authority decides about names, and the version in the database about
//! saves. Called by the session only.

use guildhall_protocol::{CharacterSummary, CharacterView, Code, Receipt, Refusal};
use guildhall_rules::names::{NameKey, name_key};
use guildhall_store::queries::{self, CharacterRow};
use serde_json::Value;
use uuid::Uuid;

use crate::hall::HallRef;
use crate::names;
use crate::persistence::{
    Author, Change, EntityKey, EntityKind, NameOwner, OwnerKind, STATE_SCHEMA_VERSION, Save,
    changes, receipt_of,
};

/// Who acts: the account behind a session.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The account.
    pub account: Uuid,
    /// Its realm.
    pub realm: Uuid,
    /// The session it acts through.
    pub session: Uuid,
    /// Whether it is a game server, which acts for the characters of its realm.
    pub is_service: bool,
}

impl Actor {
    /// The author of this actor's writes.
    #[must_use]
    pub fn author(&self) -> Author {
        Author {
            account: self.account,
            session: Some(self.session),
        }
    }

    /// Whether it acts for this character: its own, or, for a service, any of its realm.
    #[must_use]
    pub fn acts_for(&self, row: &CharacterRow) -> bool {
        row.account_id == self.account || (self.is_service && row.realm_id == self.realm)
    }
}

/// A stored document for the wire. What the server stored it decoded before, so a failure is an alarm.
#[must_use]
pub fn document(stored: &[u8]) -> Value {
    serde_json::from_slice(stored).unwrap_or_else(|error| {
        log::error!("a stored document is no JSON: {error}");
        Value::Null
    })
}

/// A client's state as it is stored.
///
/// # Errors
/// `state_too_large`.
pub fn encode_state(hall: &HallRef, state: &Value) -> Result<Vec<u8>, Refusal> {
    let bytes = serde_json::to_vec(state)
        .map_err(|e| Refusal::new(Code::BadField, format!("The state is no JSON: {e}")))?;
    let max = hall.config.limits.state_bytes_max;
    if bytes.len() > max {
        let sentence = format!(
            "The state has {} bytes; at most {max} are taken.",
            bytes.len()
        );
        return Err(Refusal::new(Code::StateTooLarge, sentence));
    }
    Ok(bytes)
}

/// The checked name, or the rule that it breaks.
///
/// # Errors
/// `name_invalid` with the rule's name.
pub fn checked_name(raw: &str) -> Result<NameKey, Refusal> {
    name_key(raw).map_err(|refused| {
        Refusal::new(Code::NameInvalid, refused.sentence).rule(refused.rule.as_str())
    })
}

fn owner(character: Uuid) -> NameOwner {
    NameOwner {
        kind: OwnerKind::Character,
        id: character,
    }
}

/// Creates a character with its name, durable when it answers.
///
/// # Errors
/// `name_*`, `state_too_large`, `overloaded`, `unavailable`.
pub async fn create(
    hall: HallRef,
    actor: Actor,
    name: String,
    state: Value,
) -> Result<CharacterView, Refusal> {
    let name = checked_name(&name)?;
    let stored = encode_state(&hall, &state)?;
    let character = Uuid::now_v7();
    let max = hall.config.limits.characters_per_account_max;
    let change = Change::CreateCharacter(changes::CreateCharacter {
        id: character,
        realm: actor.realm,
        account: actor.account,
        name: names::row(actor.realm, &name),
        schema_version: STATE_SCHEMA_VERSION,
        state: stored.into(),
        of_account_max: (!actor.is_service).then_some(max),
    });
    let display = name.display.clone();
    let by = actor.author();
    let version = names::take(&hall, owner(character), actor.realm, name, change, by).await?;
    Ok(CharacterView {
        character,
        name: display,
        version,
        state,
    })
}

/// The characters that the actor acts for; for a service those behind `after`.
///
/// # Errors
/// `unavailable`.
pub async fn list(
    hall: HallRef,
    actor: Actor,
    after: Option<Uuid>,
) -> Result<Vec<CharacterSummary>, Refusal> {
    let rows = hall
        .read(move |conn| match actor.is_service {
            true => queries::characters_of_realm(conn, actor.realm, after),
            false => queries::characters_of(conn, actor.account),
        })
        .await?;
    let summary = |row: queries::CharacterSummaryRow| CharacterSummary {
        character: row.id,
        name: row.name,
        version: row.version,
    };
    Ok(rows.into_iter().map(summary).collect())
}

/// One character that the actor acts for.
///
/// # Errors
/// `not_found` also for somebody else's, so that ids tell nothing.
pub async fn owned(hall: &HallRef, actor: &Actor, id: Uuid) -> Result<CharacterRow, Refusal> {
    let row = hall.read(move |conn| queries::character(conn, id)).await?;
    row.filter(|row| actor.acts_for(row))
        .ok_or_else(|| Refusal::new(Code::NotFound, "You have no character with this id."))
}

/// A character that was entered into play, with the state to go on from.
pub struct Entered {
    /// The character as it is after everybody else's last save.
    pub view: CharacterView,
    /// Its owner, who is another than the actor where that is a service.
    pub owner: Uuid,
    /// The epoch that fences the saves.
    pub epoch: u32,
}

/// How often somebody else may be faster at entering play before this one gives up.
const PLAY_TRIES: u32 = 5;

/// Enters play: whoever played the character saves no more.
///
/// # Errors
/// `not_found`, `unavailable`, `overloaded` where everybody wants to play it at once.
pub async fn enter(hall: &HallRef, actor: &Actor, id: Uuid) -> Result<Entered, Refusal> {
    for _ in 0..PLAY_TRIES {
        let row = owned(hall, actor, id).await?;
        let change = Change::EnterPlay(changes::EnterPlay {
            character: id,
            expected_epoch: row.play_epoch,
        });
        match hall.change(change, actor.author()).await {
            Ok(epoch) => {
                // Read anew: saves that were under way are decided now.
                let row = owned(hall, actor, id).await?;
                return Ok(Entered {
                    owner: row.account_id,
                    view: view(row),
                    epoch,
                });
            }
            Err(refusal) if refusal.code == Code::StaleVersion => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let sentence = "Others enter play with this character again and again.";
    Err(Refusal::new(Code::Overloaded, sentence))
}

fn view(row: CharacterRow) -> CharacterView {
    CharacterView {
        character: row.id,
        name: row.name,
        version: row.version,
        state: document(&row.state),
    }
}

/// One character with its newest state that is promised: whoever reads it goes on from there, since entering
/// play waits its turn behind it.
///
/// # Errors
/// See [`owned`].
pub async fn get(
    hall: &HallRef,
    actor: &Actor,
    id: Uuid,
) -> Result<(CharacterView, Receipt), Refusal> {
    let read = async || owned(hall, actor, id).await;
    let (row, safe) = hall
        .read_newest((key(id), None), read, |row| row.version)
        .await?;
    let (receipt, mut view) = (receipt_of(safe.as_ref()), view(row));
    if let Some(save) = safe {
        view.version = save.version();
        view.state = document(&save.state);
    }
    Ok((view, receipt))
}

fn key(id: Uuid) -> EntityKey {
    EntityKey {
        kind: EntityKind::Character,
        id,
    }
}

/// A state as a save on its base version, fenced by the epoch under which the actor plays the character.
///
/// # Errors
/// `state_too_large`.
pub fn save(
    hall: &HallRef,
    actor: &Actor,
    id: Uuid,
    (base_version, epoch): (u32, u32),
    state: &Value,
) -> Result<Save, Refusal> {
    Ok(Save {
        key: key(id),
        base_version,
        schema_version: STATE_SCHEMA_VERSION,
        state: encode_state(hall, state)?.into(),
        fence: Some(epoch),
        by: actor.author(),
    })
}

/// Asks for another name for a character, before it returns; the name as it is written when it resolves.
/// That the actor owns the character was checked.
pub fn rename(
    hall: &HallRef,
    actor: &Actor,
    id: Uuid,
    name: NameKey,
) -> impl Future<Output = Result<String, Refusal>> + use<> {
    let display = name.display.clone();
    let renamed = names::rename(hall, owner(id), actor.realm, name, actor.author());
    async move { renamed.await.map(|_| display) }
}
