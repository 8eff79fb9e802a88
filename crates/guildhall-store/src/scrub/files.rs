//! Board files against the rows that name them. A file is there before its row, so beside a server there may
//! be files of later rows, and never a row without its file.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::Check;
use crate::backend::Connection;
use crate::blobs::{BlobHash, BlobStore, hex};
use crate::columns::{Hash32, Size64};
use crate::error::StoreError;
use crate::schema::board_revisions;

/// A content that a row names.
pub(super) struct Named {
    hash: BlobHash,
    bytes: u64,
    /// Which row it is.
    place: String,
}

/// Every row of a board's content.
pub(super) fn named(conn: &mut Connection) -> Result<Vec<Named>, StoreError> {
    let rows: Vec<(String, i64, Hash32, Size64)> = board_revisions::table
        .select((
            board_revisions::board_id,
            board_revisions::revision,
            board_revisions::hash,
            board_revisions::size_bytes,
        ))
        .load(conn)?;
    let named = |(board, revision, hash, bytes): (String, i64, Hash32, Size64)| Named {
        hash: hash.into(),
        bytes: bytes.into(),
        place: format!("revision {revision} of board {board}"),
    };
    Ok(rows.into_iter().map(named).collect())
}

pub(super) fn check(named: &[Named], blobs: &dyn BlobStore) -> Result<Check, StoreError> {
    let mut check = Check::new("board files");
    let found = blobs.scrub()?;
    check.looked_at = u64::try_from(found.checked()).unwrap_or(u64::MAX);
    for path in &found.damaged {
        check.fault(format!("{} is not what its name says.", path.display()));
    }
    for Named { hash, bytes, place } in named {
        let content = hex(hash);
        match found.whole.get(hash) {
            None => check.fault(format!(
                "The content {content} of {place} is missing or damaged."
            )),
            Some(length) if length != bytes => check.fault(format!(
                "The content {content} of {place} has {length} bytes, and its row says {bytes}."
            )),
            Some(_) => {}
        }
    }
    let named: BTreeSet<&BlobHash> = named.iter().map(|it| &it.hash).collect();
    let unnamed = found.whole.keys().filter(|hash| !named.contains(hash));
    let unnamed = unnamed.count();
    if unnamed > 0 {
        check.notes.push(format!(
            "{unnamed} files are named by no row; they are left alone."
        ));
    }
    Ok(check)
}
