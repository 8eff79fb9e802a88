//! A save or a group of saves as bytes, and back. Numbers are little-endian; what may be missing has
//! a byte before it that says whether it is there. A new layout is a new tag, so that old entries stay readable.

mod change;

use bytes::Bytes;
use uuid::Uuid;

use super::record::{Reader, Tag, put_bytes, seal};
use crate::write_behind::{Author, EntityKey, EntityKind, Member, Save, Write};

/// A save, or a group of saves, that was promised.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number in the buffer.
    pub seq: u64,
    /// When it was submitted, in microseconds since 1970; for people, never for the order.
    pub at_us: i64,
    pub write: Write,
}

impl Entry {
    /// Whether a write belongs into a journal: a save, or saves and what rides with them.
    pub fn takes(write: &Write) -> bool {
        match write {
            Write::Save(_) => true,
            Write::Change(..) => false,
            Write::Group(members, _) => {
                let rides = |member: &Member| match member {
                    Member::Save(_) => true,
                    Member::Change(change) => change::rides_with_saves(change),
                };
                members.iter().all(rides) && members.iter().any(|it| it.as_save().is_some())
            }
        }
    }

    /// Appends its record and returns the checksum; `None`, with something left behind in `out`,
    /// for what does not belong into a journal.
    pub(super) fn seal(&self, out: &mut Vec<u8>) -> Option<u128> {
        let mut belongs = true;
        let check = seal(out, |out| {
            out.push(Tag::Entry.byte());
            out.extend_from_slice(&self.seq.to_le_bytes());
            out.extend_from_slice(&self.at_us.to_le_bytes());
            belongs = encode_write(&self.write, out).is_some();
        });
        belongs.then_some(check)
    }

    /// What is behind the number `seq`; `None` when it is something else.
    pub(super) fn decode(seq: u64, mut body: Reader<'_>) -> Option<Self> {
        body.expect(Tag::Entry)?;
        let entry = Self {
            seq: body.u64()?,
            at_us: body.take().map(i64::from_le_bytes)?,
            write: decode_write(&mut body)?,
        };
        (entry.seq == seq && body.is_at_end()).then_some(entry)
    }
}

/// Shapes of a write.
const SAVE: u8 = 0;
const GROUP: u8 = 1;

fn encode_write(write: &Write, out: &mut Vec<u8>) -> Option<()> {
    match write {
        Write::Save(save) => {
            out.push(SAVE);
            encode_save(save, out);
        }
        Write::Group(members, by) => {
            out.push(GROUP);
            encode_author(by, out);
            out.push(u8::try_from(members.len()).ok()?);
            for member in members {
                encode_member(member, out)?;
            }
        }
        Write::Change(..) => return None,
    }
    Some(())
}

fn decode_write(body: &mut Reader<'_>) -> Option<Write> {
    match body.byte()? {
        SAVE => decode_save(body).map(Write::Save),
        GROUP => {
            let by = decode_author(body)?;
            let count = body.byte()?;
            let members: Option<Vec<Member>> = (0..count).map(|_| decode_member(body)).collect();
            Some(Write::Group(members?, by))
        }
        _ => None,
    }
}

fn encode_member(member: &Member, out: &mut Vec<u8>) -> Option<()> {
    match member {
        Member::Save(save) => {
            out.push(SAVE);
            encode_save(save, out);
            Some(())
        }
        Member::Change(change) => change::encode(change, out),
    }
}

fn decode_member(body: &mut Reader<'_>) -> Option<Member> {
    match body.byte()? {
        SAVE => decode_save(body).map(Member::Save),
        which => change::decode(which, body).map(Member::Change),
    }
}

fn encode_save(save: &Save, out: &mut Vec<u8>) {
    encode_key(save.key, out);
    out.extend_from_slice(&save.base_version.to_le_bytes());
    out.extend_from_slice(&save.schema_version.to_le_bytes());
    encode_maybe(save.fence.map(u32::to_le_bytes), out);
    encode_author(&save.by, out);
    put_bytes(out, &save.state);
}

fn decode_save(body: &mut Reader<'_>) -> Option<Save> {
    Some(Save {
        key: decode_key(body)?,
        base_version: body.take().map(u32::from_le_bytes)?,
        schema_version: body.take().map(u16::from_le_bytes)?,
        fence: decode_maybe(body)?.map(u32::from_le_bytes),
        by: decode_author(body)?,
        state: Bytes::copy_from_slice(body.bytes()?),
    })
}

fn encode_key(key: EntityKey, out: &mut Vec<u8>) {
    out.push(match key.kind {
        EntityKind::Character => 0,
        EntityKind::Ship => 1,
    });
    out.extend_from_slice(key.id.as_bytes());
}

fn decode_key(body: &mut Reader<'_>) -> Option<EntityKey> {
    let kind = match body.byte()? {
        0 => EntityKind::Character,
        1 => EntityKind::Ship,
        _ => return None,
    };
    let id = body.uuid()?;
    Some(EntityKey { kind, id })
}

fn encode_author(by: &Author, out: &mut Vec<u8>) {
    out.extend_from_slice(by.account.as_bytes());
    encode_maybe(by.session.map(Uuid::into_bytes), out);
}

fn decode_author(body: &mut Reader<'_>) -> Option<Author> {
    Some(Author {
        account: body.uuid()?,
        session: decode_maybe(body)?.map(Uuid::from_bytes),
    })
}

/// Bytes behind a byte that says whether they are there.
fn encode_maybe<const N: usize>(bytes: Option<[u8; N]>, out: &mut Vec<u8>) {
    match bytes {
        None => out.push(0),
        Some(bytes) => {
            out.push(1);
            out.extend_from_slice(&bytes);
        }
    }
}

fn decode_maybe<const N: usize>(body: &mut Reader<'_>) -> Option<Option<[u8; N]>> {
    match body.byte()? {
        0 => Some(None),
        1 => body.take().map(Some),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
