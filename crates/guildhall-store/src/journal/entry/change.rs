//! The changes that ride in a group with saves: a line of the ledger, and both ends of an escrow. All
//! others are answered after their commit and never lie in a journal.

use bytes::Bytes;

use super::{decode_author, decode_key, encode_author, encode_key};
use crate::changes::{AddLedgerLine, Change, PutEscrow, TakeEscrow};
use crate::journal::record::{Reader, put_bytes};

/// Which change it is; 0 is a save.
const LEDGER: u8 = 1;
const PUT: u8 = 2;
const TAKE: u8 = 3;

/// Whether [`encode`] knows it.
pub(super) fn rides_with_saves(change: &Change) -> bool {
    matches!(
        change,
        Change::AddLedgerLine(_) | Change::PutEscrow(_) | Change::TakeEscrow(_)
    )
}

/// `None` for the changes that do not belong into a journal.
pub(super) fn encode(change: &Change, out: &mut Vec<u8>) -> Option<()> {
    match change {
        Change::AddLedgerLine(it) => {
            out.push(LEDGER);
            out.extend_from_slice(it.guild.as_bytes());
            out.extend_from_slice(&it.version.to_le_bytes());
            put_bytes(out, it.note.as_bytes());
            encode_author(&it.by, out);
        }
        Change::PutEscrow(it) => {
            out.push(PUT);
            out.extend_from_slice(it.escrow.as_bytes());
            out.extend_from_slice(it.realm.as_bytes());
            encode_key(it.from, out);
            out.extend_from_slice(&it.from_version.to_le_bytes());
            encode_key(it.to, out);
            put_bytes(out, &it.what);
            out.extend_from_slice(it.given_by.as_bytes());
            out.extend_from_slice(&it.open_max.to_le_bytes());
        }
        Change::TakeEscrow(it) => {
            out.push(TAKE);
            out.extend_from_slice(it.escrow.as_bytes());
            encode_key(it.to, out);
            out.extend_from_slice(&it.to_version.to_le_bytes());
            out.extend_from_slice(it.taken_by.as_bytes());
        }
        _ => return None,
    }
    Some(())
}

/// What stands behind the byte `which`.
pub(super) fn decode(which: u8, body: &mut Reader<'_>) -> Option<Change> {
    Some(match which {
        LEDGER => Change::AddLedgerLine(AddLedgerLine {
            guild: body.uuid()?,
            version: body.take().map(u32::from_le_bytes)?,
            note: String::from_utf8(body.bytes()?.to_vec()).ok()?,
            by: decode_author(body)?,
        }),
        PUT => Change::PutEscrow(PutEscrow {
            escrow: body.uuid()?,
            realm: body.uuid()?,
            from: decode_key(body)?,
            from_version: body.take().map(u32::from_le_bytes)?,
            to: decode_key(body)?,
            what: Bytes::copy_from_slice(body.bytes()?),
            given_by: body.uuid()?,
            open_max: body.u64()?,
        }),
        TAKE => Change::TakeEscrow(TakeEscrow {
            escrow: body.uuid()?,
            to: decode_key(body)?,
            to_version: body.take().map(u32::from_le_bytes)?,
            taken_by: body.uuid()?,
        }),
        _ => return None,
    })
}
