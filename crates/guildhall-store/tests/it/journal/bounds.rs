//! The file does not grow for ever.

use uuid::Uuid;

use super::{Place, entries};

const ROUNDS: u64 = 400;
const ROUND: u64 = 64;
const STATE_BYTES: usize = 4_096;

/// Bytes on the disk after `ROUNDS` of 256 KiB each.
fn size_after_rounds(lands: bool) -> u64 {
    let place = Place::new();
    let (mut journal, _) = place.open();
    for round in 0..ROUNDS {
        let first = round * ROUND + 1;
        let seqs: Vec<u64> = (first..first + ROUND).collect();
        journal
            .append(&entries(seqs.iter().copied(), STATE_BYTES))
            .unwrap();
        let batch = Uuid::from_u128(round.into());
        journal.take_off(batch, &seqs).unwrap();
        if lands {
            journal.landed(batch);
        }
    }
    let size = |path: std::path::PathBuf| path.metadata().map_or(0, |meta| meta.len());
    size(place.path()) + size(place.wal())
}

#[test]
fn a_hundred_mebibytes_that_landed_leave_a_file_of_a_few() {
    assert!(ROUNDS * ROUND * STATE_BYTES as u64 == 100 << 20);
    assert!(size_after_rounds(true) < 12 << 20);
    // The positive control: what never landed is all there.
    assert!(size_after_rounds(false) > 100 << 20);
}
