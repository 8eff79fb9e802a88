//! A backup: its manifest, and then what is looked at in every world.

use std::path::Path;

use super::{Check, IsDocument, scrub};
use crate::backup::{DATABASE_FILE, expect_whole};
use crate::blobs::FileBlobs;
use crate::copy::{self, reader};
use crate::database::Database;
use crate::error::StoreError;

/// Looks at a backup as [`scrub`] does at a world. One that is not whole ends it: nothing else that could be
/// said of its rows would be true.
///
/// # Errors
/// [`StoreError::BackupDamaged`]; as [`scrub`].
pub fn scrub_backup(
    dir: &Path,
    is_document: IsDocument<'_>,
    begin: &mut dyn FnMut(&str),
) -> Result<Vec<Check>, StoreError> {
    begin("manifest");
    let manifest = expect_whole(dir)?;
    let database = Database::open_to_read(dir.join(DATABASE_FILE))?;
    let mut check = Check::new("tables of the manifest");
    let sums = reader(database.target())?.snapshot(copy::sums)?;
    for expected in &manifest.tables {
        check.looked_at = check.looked_at.saturating_add(1);
        let found = match sums.iter().find(|(table, _)| *table == expected.table) {
            Some((_, Ok(sum))) => sum.to_string(),
            Some((_, Err(error))) => format!("rows that cannot be read ({error})"),
            None => "no such rows".to_owned(),
        };
        if found != expected.sum {
            let (table, wanted) = (&expected.table, &expected.sum);
            check.fault(format!(
                "The table {table} has {found}, and the manifest says {wanted}."
            ));
        }
    }
    for sentence in &manifest.left_behind {
        check
            .notes
            .push(format!("When the backup was made: {sentence}."));
    }
    let blobs = FileBlobs::open_to_read(dir)?;
    let mut checks = vec![check];
    checks.extend(scrub(&database, &blobs, is_document, begin)?);
    Ok(checks)
}
