//! Names: each row against what the rules make of the name as it is written, and its owner.

use diesel::prelude::*;
use guildhall_rules::names::{KEY_VERSION, rekeyed};
use uuid::Uuid;

use super::{Check, count, faults};
use crate::backend::Connection;
use crate::error::StoreError;
use crate::names::NameHashes;
use crate::schema::names;

/// Small rows, hence more than of others.
const NAMES_AT_ONCE: i64 = 4_096;

pub(super) fn check(conn: &mut Connection, check: &mut Check) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = rows(conn, &after)?;
        let Some(last) = rows.last() else {
            break;
        };
        after = last.id.clone();
        for row in &rows {
            check.looked_at = check.looked_at.saturating_add(1);
            if let Some(wrong) = row.wrong() {
                check.fault(format!("The name {:?} ({}): {wrong}.", row.display, row.id));
            }
        }
    }
    let counted = count(conn, "names")?;
    if counted != check.looked_at {
        let read = check.looked_at;
        check.fault(format!(
            "The database counts {counted} names, and {read} were read."
        ));
    }
    owners(conn, check)
}

fn owners(conn: &mut Connection, check: &mut Check) -> Result<(), StoreError> {
    for (kind, table) in [("character", "characters"), ("guild", "guilds")] {
        let ownerless = format!(
            "SELECT 'The name \"' || names.display || '\" belongs to the {kind} ' || names.owner_id || \
             ', which is not there.' AS fault FROM names LEFT JOIN {table} owner \
             ON owner.id = names.owner_id WHERE names.owner_kind = '{kind}' AND owner.id IS NULL"
        );
        faults(conn, check, &ownerless)?;
        let elsewhere = format!(
            "SELECT 'The name \"' || names.display || '\" is of another realm than its {kind} ' || \
             names.owner_id || '.' AS fault FROM names JOIN {table} owner ON owner.id = names.owner_id \
             WHERE names.owner_kind = '{kind}' AND owner.realm_id <> names.realm_id"
        );
        faults(conn, check, &elsewhere)?;
        let nameless = format!(
            "{table} owner LEFT JOIN names ON names.owner_kind = '{kind}' AND names.owner_id = owner.id \
             AND names.cooling_until IS NULL WHERE names.id IS NULL"
        );
        let nameless = count(conn, &nameless)?;
        if nameless > 0 {
            check
                .notes
                .push(format!("{nameless} {table} bear no name."));
        }
    }
    Ok(())
}

#[derive(Queryable)]
struct Row {
    id: String,
    realm: String,
    key: String,
    display: String,
    skeleton: String,
    key_version: i32,
    hashes: (Option<i64>, Option<i64>, Option<i64>),
}

fn rows(conn: &mut Connection, after: &str) -> Result<Vec<Row>, StoreError> {
    Ok(names::table
        .filter(names::id.gt(after))
        .order(names::id)
        .limit(NAMES_AT_ONCE)
        .select((
            names::id,
            names::realm_id,
            names::name_key,
            names::display,
            names::skeleton,
            names::key_version,
            (names::key_hash, names::skeleton_hash, names::written_hash),
        ))
        .load(conn)?)
}

impl Row {
    fn wrong(&self) -> Option<String> {
        if self.key_version != i32::from(KEY_VERSION) {
            let version = self.key_version;
            return Some(format!("its key is of version {version} of the rules"));
        }
        let today = rekeyed(&self.display);
        if self.key != today.key {
            return Some(format!("its key is {:?}, not {:?}", self.key, today.key));
        }
        if self.skeleton != today.skeleton {
            let (is, wanted) = (&self.skeleton, &today.skeleton);
            return Some(format!("its skeleton is {is:?}, not {wanted:?}"));
        }
        let Ok(realm) = Uuid::try_parse(&self.realm) else {
            return Some("its realm has no id".to_owned());
        };
        let hashes = NameHashes::of(realm, &self.key, &self.skeleton, &self.display);
        let wanted = [hashes.key, hashes.folded, hashes.written].map(u64::cast_signed);
        let (key, folded, written) = self.hashes;
        (wanted.map(Some) != [key, folded, written])
            .then(|| "its hashes are not those of its key and its looks".to_owned())
    }
}
