//! The index alone: its memory and its answers.

use std::hint::black_box;
use std::time::Instant;

use guildhall_store::names::{Held, NameHashes};
use guildhall_store::{DEFAULT_REALM, NameIndex, NameOwner, OwnerKind};
use uuid::Uuid;

const BYTES_AIM: f64 = 48.0;
/// Looks that are timed.
const LOOKS: u64 = 1_000_000;

/// Memory of this process in bytes, as the system counts it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kib * 1024
}

/// An even spread of hashes without the cost of making them from texts.
fn mixed(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 31)).min(u64::MAX - 1)
}

fn fill(mut index: NameIndex, count: u64) -> NameIndex {
    for n in 0..count {
        let hashes = NameHashes {
            key: mixed(n),
            folded: mixed(n ^ 1 << 40),
            written: mixed(n ^ 1 << 41),
        };
        let owner = NameOwner {
            kind: OwnerKind::Character,
            id: Uuid::from_u128(u128::from(mixed(n ^ 1 << 42))),
        };
        index.insert(
            &hashes,
            Held {
                owner,
                cooling: false,
            },
        );
    }
    index
}

fn bytes(what: &str, empty: impl FnOnce() -> NameIndex, count: u64) -> NameIndex {
    let before = resident();
    let start = Instant::now();
    let index = fill(empty(), count);
    let took = start.elapsed();
    let each = resident().saturating_sub(before) as f64 / count as f64;
    let met = if each <= BYTES_AIM { "met" } else { "missed" };
    let build = took.as_nanos() / u128::from(count);
    println!(
        "BYTES names_{what} {each:.1} for each name with its owner (aim <= {BYTES_AIM}: {met}), {build} ns to take one in"
    );
    index
}

pub fn measure(count: u64) {
    // The one that grows leaves freed memory behind: it comes last, or the other would fill that.
    let loaded = bytes("loaded", || NameIndex::with_room_for(count), count);
    let grown = bytes("grown", NameIndex::default, count);
    for (what, index) in [("grown", &grown), ("loaded", &loaded)] {
        let looks = |from: u64, step: u64| {
            let start = Instant::now();
            for n in 0..LOOKS {
                black_box(index.held(mixed(from + (n * step) % count)));
            }
            start.elapsed().as_nanos() / u128::from(LOOKS)
        };
        let (hit, miss) = (looks(0, 7_919), looks(1 << 50, 7_919));
        println!("names_{what}: {hit} ns to find a taken name by its hash, {miss} ns to find none");
    }
    let start = Instant::now();
    for n in 0..LOOKS / 10 {
        black_box(grown.holders(DEFAULT_REALM, black_box(&format!("Name {n}"))));
    }
    let each = start.elapsed().as_nanos() / u128::from(LOOKS / 10);
    println!("names: {each} ns to look a text up, its hash included");
}
