//! Every row of every table is read; of a SQLite file its structure and its indexes are checked as well.

use super::{Check, faults};
use crate::backend::Connection;
use crate::copy;
use crate::error::StoreError;

pub(super) fn check(conn: &mut Connection, check: &mut Check) -> Result<(), StoreError> {
    if let Connection::Sqlite(_) = conn {
        let query = "SELECT 'SQLite says: ' || integrity_check AS fault \
                     FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
        faults(conn, check, query)?;
    }
    for (table, sum) in copy::sums(conn)? {
        check.looked_at = check.looked_at.saturating_add(1);
        if let Err(error) = sum {
            check.fault(format!("The table {table} cannot be read whole: {error}."));
        }
    }
    Ok(())
}
