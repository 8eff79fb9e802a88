//! Reads the rows of a story, in one state of the database.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::Integer;
use guildhall_rules::names::{NameKey, name_key};
use uuid::Uuid;

use super::Kind;
use super::facts::{
    BatchFacts, Entity, EscrowFact, Facts, LedgerFact, LineFact, NameFact, PresentFact, RefusalFact,
};
use crate::backend::Connection;
use crate::error::StoreError;
use crate::names::NameHashes;
use crate::schema::{
    accounts, batches, characters, entity_history, escrows, guild_members, guilds, names, realms,
    refused_writes, ship_ledger, ships,
};

/// Lines of each sort that a story tells, the newest ones.
const LINES_MAX: i64 = 1_000;

/// Reads what there is about `id`: a UUID, a name, or the number or id of a batch.
///
/// # Errors
/// The database; inside, a sentence about an id that is none.
pub fn gather(
    conn: &mut Connection,
    kind: Kind,
    id: &str,
) -> Result<Result<Facts, String>, StoreError> {
    let mut facts = Facts {
        asked: Some((kind, id.to_owned())),
        ..Facts::default()
    };
    match kind {
        Kind::Character | Kind::Ship | Kind::Guild => {
            let Ok(uuid) = Uuid::try_parse(id) else {
                return Ok(Err(format!("{id:?} is no id: ids are UUIDs.")));
            };
            facts.entities = vec![entity(conn, kind, &uuid.to_string())?];
        }
        Kind::Name => match name_key(id) {
            Ok(name) => by_name(conn, &name, &mut facts)?,
            Err(refusal) => return Ok(Err(format!("{id:?} is no name: {}", refusal.sentence))),
        },
        Kind::Batch => match number_of_batch(conn, id)? {
            Some(number) => facts.batch = batch(conn, number)?,
            None if id.parse::<i64>().is_err() && Uuid::try_parse(id).is_err() => {
                return Ok(Err(format!("{id:?} is neither a number nor a UUID.")));
            }
            None => {}
        },
    }
    facts.logins = logins(conn, &facts)?;
    Ok(Ok(facts))
}

/// A macro, since the type of such a condition is a page long.
macro_rules! rows_of_names {
    ($conn:expr, $condition:expr) => {{
        type Row = (String, String, String, String, i64, Option<i64>);
        let rows: Vec<Row> = names::table
            .filter($condition)
            .order((names::claimed_at, names::id))
            .select((
                names::display,
                names::realm_id,
                names::owner_kind,
                names::owner_id,
                names::claimed_at,
                names::cooling_until,
            ))
            .load($conn)?;
        let fact =
            |(display, realm, owner_kind, owner_id, claimed_at, cooling_until): Row| NameFact {
                display,
                realm,
                owner_kind,
                owner_id,
                claimed_at,
                cooling_until,
            };
        rows.into_iter().map(fact).collect::<Vec<_>>()
    }};
}

/// In every realm by itself, since the indexes begin with it.
fn by_name(conn: &mut Connection, name: &NameKey, facts: &mut Facts) -> Result<(), StoreError> {
    let realms: Vec<String> = realms::table.select(realms::id).load(conn)?;
    for realm in realms {
        let of_realm = names::realm_id.eq(realm.clone());
        let same = of_realm.clone().and(names::name_key.eq(&name.key));
        facts.names.extend(rows_of_names!(conn, same));
        let Ok(id) = Uuid::try_parse(&realm) else {
            continue;
        };
        let hashes = NameHashes::of(id, &name.key, &name.skeleton, &name.display);
        let folded = names::skeleton_hash.eq(hashes.folded.cast_signed());
        let written = names::written_hash.eq(hashes.written.cast_signed());
        let alike = of_realm.and(names::name_key.ne(&name.key));
        let alike = alike.and(folded.or(written).assume_not_null());
        facts.look_alikes.extend(rows_of_names!(conn, alike));
    }
    for name in facts.names.clone() {
        let kind = match name.owner_kind.as_str() {
            "character" => Kind::Character,
            "guild" => Kind::Guild,
            _ => continue,
        };
        facts.entities.push(entity(conn, kind, &name.owner_id)?);
    }
    Ok(())
}

fn entity(conn: &mut Connection, kind: Kind, id: &str) -> Result<Entity, StoreError> {
    // A ship bears the name of its guild.
    let owner_kind = match kind {
        Kind::Character => "character",
        _ => "guild",
    };
    let of_owner = names::owner_id
        .eq(id.to_owned())
        .and(names::owner_kind.eq(owner_kind));
    let lines = lines(conn, kind, id)?;
    let lines_left_out = i64::try_from(lines.len()).is_ok_and(|found| found == LINES_MAX);
    Ok(Entity {
        kind,
        id: id.to_owned(),
        present: present(conn, kind, id)?,
        names: rows_of_names!(conn, of_owner),
        lines,
        lines_left_out,
        refusals: refusals(conn, kind, id)?,
        escrows: escrows_of(conn, kind, id)?,
        ledger: match kind {
            Kind::Ship => ledger(conn, id)?,
            _ => Vec::new(),
        },
        members: match kind {
            Kind::Ship | Kind::Guild => members(conn, id)?,
            _ => Vec::new(),
        },
    })
}

fn present(conn: &mut Connection, kind: Kind, id: &str) -> Result<Option<PresentFact>, StoreError> {
    match kind {
        Kind::Character => character(conn, id),
        Kind::Ship => ship(conn, id),
        _ => guild(conn, id),
    }
}

fn character(conn: &mut Connection, id: &str) -> Result<Option<PresentFact>, StoreError> {
    type Row = (i64, Vec<u8>, i64, String, i64);
    let row: Option<Row> = characters::table
        .find(id)
        .select((
            characters::version,
            characters::state,
            characters::updated_at,
            characters::account_id,
            characters::play_epoch,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(version, state, at, owner, epoch)| PresentFact {
        version: Some(version),
        state_bytes: state.len(),
        at,
        owner: Some(owner),
        play_epoch: Some(epoch),
        disbanded_at: None,
    }))
}

fn ship(conn: &mut Connection, id: &str) -> Result<Option<PresentFact>, StoreError> {
    let row: Option<(i64, Vec<u8>, i64)> = ships::table
        .find(id)
        .select((ships::version, ships::state, ships::updated_at))
        .first(conn)
        .optional()?;
    let disbanded_at = guild(conn, id)?.and_then(|guild| guild.disbanded_at);
    Ok(row.map(|(version, state, at)| PresentFact {
        version: Some(version),
        state_bytes: state.len(),
        at,
        disbanded_at,
        ..PresentFact::default()
    }))
}

fn guild(conn: &mut Connection, id: &str) -> Result<Option<PresentFact>, StoreError> {
    let row: Option<(i64, Option<i64>)> = guilds::table
        .find(id)
        .select((guilds::created_at, guilds::disbanded_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(at, disbanded_at)| PresentFact {
        at,
        disbanded_at,
        ..PresentFact::default()
    }))
}

type LineRow = (
    (String, String, i64, String),
    (Option<String>, i64, i64, String, i64, bool),
);

/// The columns of a line; a macro, since diesel's tuples have no name.
macro_rules! line_columns {
    () => {
        (
            (
                entity_history::entity_kind,
                entity_history::entity_id,
                entity_history::version,
                entity_history::account_id,
            ),
            (
                entity_history::session_id,
                entity_history::batch,
                entity_history::write_seq,
                entity_history::cause,
                entity_history::at,
                entity_history::state.is_not_null(),
            ),
        )
    };
}

fn line(row: LineRow) -> LineFact {
    let ((kind, entity, version, account), (session, batch, write_seq, cause, at, has_state)) = row;
    LineFact {
        kind,
        entity,
        version,
        account,
        session,
        batch,
        write_seq,
        cause,
        at,
        has_state,
    }
}

fn lines(conn: &mut Connection, kind: Kind, id: &str) -> Result<Vec<LineFact>, StoreError> {
    let rows: Vec<LineRow> = entity_history::table
        .filter(entity_history::entity_id.eq(id))
        .filter(entity_history::entity_kind.eq(kind.as_str()))
        .order(entity_history::id.desc())
        .limit(LINES_MAX)
        .select(line_columns!())
        .load(conn)?;
    Ok(rows.into_iter().rev().map(line).collect())
}

type RefusalRow = (
    (i64, String, String, i64, String, Option<String>),
    (i64, i64, String, Option<String>, String, i32, i64),
);

/// As [`line_columns`], of a refused write.
macro_rules! refusal_columns {
    () => {
        (
            (
                refused_writes::id,
                refused_writes::entity_kind,
                refused_writes::entity_id,
                refused_writes::version,
                refused_writes::account_id,
                refused_writes::session_id,
            ),
            (
                refused_writes::batch,
                refused_writes::write_seq,
                refused_writes::cause,
                refused_writes::constraint_name,
                refused_writes::detail,
                // Not the payloads themselves: a thousand of them take longer than anybody waits.
                sql::<Integer>("length(payload)"),
                refused_writes::at,
            ),
        )
    };
}

fn refusal(row: RefusalRow) -> RefusalFact {
    let ((id, kind, entity, version, account, session), rest) = row;
    let (batch, write_seq, cause, constraint, detail, bytes, at) = rest;
    RefusalFact {
        id,
        kind,
        entity,
        version,
        account,
        session,
        batch,
        write_seq,
        cause,
        constraint,
        detail,
        payload_bytes: usize::try_from(bytes).unwrap_or(0),
        at,
        others: 0,
        others_refused: 0,
    }
}

fn refusals(conn: &mut Connection, kind: Kind, id: &str) -> Result<Vec<RefusalFact>, StoreError> {
    let rows: Vec<RefusalRow> = refused_writes::table
        .filter(refused_writes::entity_id.eq(id))
        .filter(refused_writes::entity_kind.eq(kind.as_str()))
        .order(refused_writes::id.desc())
        .limit(LINES_MAX)
        .select(refusal_columns!())
        .load(conn)?;
    let mut facts: Vec<_> = rows.into_iter().rev().map(refusal).collect();
    count_others(conn, id, &mut facts)?;
    Ok(facts)
}

/// Batches that are asked for in one statement: fewer than either database takes values.
const BATCHES_AT_ONCE: usize = 500;

/// What became of the other writes in the batches of these refusals.
fn count_others(
    conn: &mut Connection,
    id: &str,
    refusals: &mut [RefusalFact],
) -> Result<(), StoreError> {
    let batches: BTreeSet<i64> = refusals.iter().map(|refusal| refusal.batch).collect();
    let batches: Vec<i64> = batches.into_iter().collect();
    let mut counts: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for batches in batches.chunks(BATCHES_AT_ONCE) {
        let rows: Vec<(i64, String, i64)> = entity_history::table
            .filter(entity_history::batch.eq_any(batches))
            .filter(entity_history::entity_id.ne(id))
            .group_by((entity_history::batch, entity_history::cause))
            .select((entity_history::batch, entity_history::cause, count_star()))
            .load(conn)?;
        for (batch, cause, lines) in rows {
            let (others, refused) = counts.entry(batch).or_default();
            *others = others.saturating_add(lines);
            if super::words::is_refusal(&cause) {
                *refused = refused.saturating_add(lines);
            }
        }
    }
    for refusal in refusals {
        let counted = counts.get(&refusal.batch).copied();
        (refusal.others, refusal.others_refused) = counted.unwrap_or_default();
    }
    Ok(())
}

fn escrows_of(conn: &mut Connection, kind: Kind, id: &str) -> Result<Vec<EscrowFact>, StoreError> {
    type Row = (
        (String, String, String, i64, String, String, Vec<u8>),
        (String, i64, Option<String>, Option<i64>, Option<i64>),
    );
    let word = kind.as_str();
    let gave = escrows::from_id.eq(id).and(escrows::from_kind.eq(word));
    let gets = escrows::to_id.eq(id).and(escrows::to_kind.eq(word));
    let rows: Vec<Row> = escrows::table
        .filter(gave.or(gets))
        .order((escrows::given_at, escrows::id))
        .limit(LINES_MAX)
        .select((
            (
                escrows::id,
                escrows::from_kind,
                escrows::from_id,
                escrows::from_version,
                escrows::to_kind,
                escrows::to_id,
                escrows::what,
            ),
            (
                escrows::given_by,
                escrows::given_at,
                escrows::taken_by,
                escrows::taken_at,
                escrows::to_version,
            ),
        ))
        .load(conn)?;
    let fact = |row: Row| {
        let ((id, from_kind, from, from_version, to_kind, to, what), giving) = row;
        let (given_by, given_at, taken_by, taken_at, to_version) = giving;
        EscrowFact {
            id,
            from: (from_kind, from),
            from_version,
            to: (to_kind, to),
            bytes: what.len(),
            given_by,
            given_at,
            taken_by,
            taken_at,
            to_version,
        }
    };
    Ok(rows.into_iter().map(fact).collect())
}

fn ledger(conn: &mut Connection, id: &str) -> Result<Vec<LedgerFact>, StoreError> {
    let rows: Vec<(i64, String, String, i64)> = ship_ledger::table
        .filter(ship_ledger::guild_id.eq(id))
        .order(ship_ledger::id.desc())
        .limit(LINES_MAX)
        .select((
            ship_ledger::version,
            ship_ledger::account_id,
            ship_ledger::note,
            ship_ledger::at,
        ))
        .load(conn)?;
    let fact = |(version, account, note, at)| LedgerFact {
        version,
        account,
        note,
        at,
    };
    Ok(rows.into_iter().rev().map(fact).collect())
}

fn members(conn: &mut Connection, id: &str) -> Result<Vec<(String, String)>, StoreError> {
    Ok(guild_members::table
        .filter(guild_members::guild_id.eq(id))
        .order(guild_members::joined_at)
        .limit(LINES_MAX)
        .select((guild_members::account_id, guild_members::rank))
        .load(conn)?)
}

fn number_of_batch(conn: &mut Connection, id: &str) -> Result<Option<i64>, StoreError> {
    if let Ok(number) = id.parse() {
        return Ok(Some(number));
    }
    let Ok(uuid) = Uuid::try_parse(id) else {
        return Ok(None);
    };
    Ok(batches::table
        .filter(batches::id.eq(uuid.to_string()))
        .select(batches::seq)
        .first(conn)
        .optional()?)
}

fn batch(conn: &mut Connection, number: i64) -> Result<Option<BatchFacts>, StoreError> {
    let mark: Option<(String, i64)> = batches::table
        .find(number)
        .select((batches::id, batches::at))
        .first(conn)
        .optional()?;
    let lines: Vec<LineRow> = entity_history::table
        .filter(entity_history::batch.eq(number))
        .order(entity_history::id)
        .limit(LINES_MAX)
        .select(line_columns!())
        .load(conn)?;
    let refusals: Vec<RefusalRow> = refused_writes::table
        .filter(refused_writes::batch.eq(number))
        .order(refused_writes::id)
        .limit(LINES_MAX)
        .select(refusal_columns!())
        .load(conn)?;
    let nothing = mark.is_none() && lines.is_empty() && refusals.is_empty();
    Ok((!nothing).then(|| BatchFacts {
        number,
        mark,
        lines: lines.into_iter().map(line).collect(),
        refusals: refusals.into_iter().map(refusal).collect(),
    }))
}

fn logins(conn: &mut Connection, facts: &Facts) -> Result<BTreeMap<String, String>, StoreError> {
    let mut ids = BTreeSet::new();
    for entity in &facts.entities {
        ids.extend(entity.lines.iter().map(|line| &line.account));
        ids.extend(entity.refusals.iter().map(|refusal| &refusal.account));
        ids.extend(entity.ledger.iter().map(|line| &line.account));
        ids.extend(entity.members.iter().map(|(account, _)| account));
        ids.extend(entity.present.iter().filter_map(|it| it.owner.as_ref()));
        ids.extend(entity.escrows.iter().map(|it| &it.given_by));
        ids.extend(entity.escrows.iter().filter_map(|it| it.taken_by.as_ref()));
    }
    if let Some(batch) = &facts.batch {
        ids.extend(batch.lines.iter().map(|line| &line.account));
        ids.extend(batch.refusals.iter().map(|refusal| &refusal.account));
    }
    let ids: Vec<_> = ids.into_iter().collect();
    let mut logins = BTreeMap::new();
    for ids in ids.chunks(500) {
        let rows: Vec<(String, String)> = accounts::table
            .filter(accounts::id.eq_any(ids.iter().copied()))
            .select((accounts::id, accounts::login))
            .load(conn)?;
        logins.extend(rows);
    }
    Ok(logins)
}
