//! Records: some bytes with a checksum behind them, so that a page that is whole to SQLite and
//! wrong all the same is found. And the head, which counts what must be there: a record that is
//! missing altogether is found by its sum.

use twox_hash::XxHash3_128;
use uuid::Uuid;

/// Length of a checksum: XXH3 of 128 bits. Against accidents, not against forgers: a hash that withstands those
/// takes a fifth of the time of an append.
const CHECK_BYTES: usize = 16;

/// What a record is; its first byte, so that none is taken for another.
#[derive(Clone, Copy)]
pub(super) enum Tag {
    Head,
    Entry,
    Flight,
}

impl Tag {
    pub fn byte(self) -> u8 {
        match self {
            Self::Head => 1,
            Self::Entry => 2,
            Self::Flight => 3,
        }
    }
}

/// Appends a record to `out` and returns its checksum.
pub(super) fn seal(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) -> u128 {
    let start = out.len();
    body(out);
    let check = check(out.get(start..).unwrap_or_default());
    out.extend_from_slice(&check.to_le_bytes());
    check
}

/// The body of a record and its checksum; `None` when they do not fit each other.
pub(super) fn unseal(record: &[u8]) -> Option<(Reader<'_>, u128)> {
    let (body, tail) = record.split_last_chunk::<CHECK_BYTES>()?;
    let check = check(body);
    (u128::from_le_bytes(*tail) == check).then_some((Reader(body), check))
}

fn check(body: &[u8]) -> u128 {
    XxHash3_128::oneshot(body)
}

/// Reads a body from its front.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*front)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub fn uuid(&mut self) -> Option<Uuid> {
        self.take().map(Uuid::from_bytes)
    }

    /// Bytes behind their length.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.u64()?).ok()?;
        let (front, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(front)
    }

    pub fn expect(&mut self, tag: Tag) -> Option<()> {
        (self.byte()? == tag.byte()).then_some(())
    }

    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends bytes with their length before them.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(bytes);
}

/// The one row that says which journal this is and what must be in it. Every transaction writes it.
#[derive(Clone)]
pub(super) struct Head {
    pub journal: Uuid,
    pub world: Uuid,
    pub next_seq: u64,
    /// Transactions so far.
    pub commits: u64,
    /// Entries and flights in the file.
    rows: u64,
    /// All their checksums, combined without an order.
    sum: u128,
}

impl Head {
    pub fn new(journal: Uuid, world: Uuid) -> Self {
        Self {
            journal,
            world,
            next_seq: 1,
            commits: 0,
            rows: 0,
            sum: 0,
        }
    }

    /// With these rows more.
    pub fn with_rows(mut self, checks: impl IntoIterator<Item = u128>) -> Self {
        for check in checks {
            self.rows = self.rows.wrapping_add(1);
            self.sum = self.sum.wrapping_add(check);
        }
        self
    }

    /// Without these rows.
    pub fn without_rows(mut self, checks: impl IntoIterator<Item = u128>) -> Self {
        for check in checks {
            self.rows = self.rows.wrapping_sub(1);
            self.sum = self.sum.wrapping_sub(check);
        }
        self
    }

    /// How many entries and flights must be in the file.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether exactly these rows are what must be there.
    pub fn counts(&self, checks: impl IntoIterator<Item = u128>) -> bool {
        let left = self.clone().without_rows(checks);
        left.rows == 0 && left.sum == 0
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        seal(&mut out, |out| {
            out.push(Tag::Head.byte());
            out.extend_from_slice(self.journal.as_bytes());
            out.extend_from_slice(self.world.as_bytes());
            for number in [self.next_seq, self.commits, self.rows] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend_from_slice(&self.sum.to_le_bytes());
        });
        out
    }

    pub fn decode(record: &[u8]) -> Option<Self> {
        let (mut body, _) = unseal(record)?;
        body.expect(Tag::Head)?;
        let head = Self {
            journal: body.uuid()?,
            world: body.uuid()?,
            next_seq: body.u64()?,
            commits: body.u64()?,
            rows: body.u64()?,
            sum: u128::from_le_bytes(body.take()?),
        };
        body.is_at_end().then_some(head)
    }
}
