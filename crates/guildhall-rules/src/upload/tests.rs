//! Tests of `upload`.

use proptest::prelude::*;

use super::*;

const CHUNK: u64 = 64 * 1024;

#[test]
fn an_upload_in_order_completes() {
    let mut upload = UploadState::new(CHUNK + 5, CHUNK);
    assert_eq!(
        upload.complete(),
        Err(Incomplete {
            missing_bytes: CHUNK + 5
        })
    );
    assert_eq!(upload.accept(0, CHUNK), Ok(()));
    assert_eq!(upload.complete(), Err(Incomplete { missing_bytes: 5 }));
    assert_eq!(upload.accept(CHUNK, 5), Ok(()));
    assert_eq!(upload.complete(), Ok(()));
    assert_eq!(upload.received(), upload.size_bytes());
}

#[test]
fn a_chunk_out_of_order_is_refused_with_the_place_to_go_on() {
    let mut upload = UploadState::new(100, CHUNK);
    upload.accept(0, 40).unwrap();
    for offset in [0, 39, 41, 100, u64::MAX] {
        let refused = upload.accept(offset, 10);
        assert_eq!(refused, Err(ChunkRefusal::OutOfOrder { expected: 40 }));
    }
    assert_eq!(upload.accept(40, 60), Ok(()));
}

#[test]
fn a_chunk_past_the_end_or_past_the_chunk_limit_is_too_long() {
    let mut upload = UploadState::new(100, 60);
    let refused = upload.accept(0, 61);
    assert_eq!(
        refused,
        Err(ChunkRefusal::TooLong {
            bytes: 61,
            allowed: 60
        })
    );
    upload.accept(0, 60).unwrap();
    let refused = upload.accept(60, u64::MAX);
    assert_eq!(
        refused,
        Err(ChunkRefusal::TooLong {
            bytes: u64::MAX,
            allowed: 40
        })
    );
    assert_eq!(upload.received(), 60);
}

#[test]
fn an_empty_chunk_is_refused() {
    assert_eq!(
        UploadState::new(10, 10).accept(0, 0),
        Err(ChunkRefusal::Empty)
    );
}

#[test]
fn a_chunk_after_the_last_byte_is_refused() {
    let mut upload = UploadState::new(10, 10);
    upload.accept(0, 10).unwrap();
    let refused = upload.accept(10, 1);
    assert_eq!(
        refused,
        Err(ChunkRefusal::TooLong {
            bytes: 1,
            allowed: 0
        })
    );
    assert_eq!(upload.complete(), Ok(()));
}

proptest! {
    #[test]
    fn whatever_comes_the_accepted_bytes_are_a_prefix(
        size in 1..1000_u64,
        chunks in proptest::collection::vec((0..1000_u64, 0..300_u64), 0..60),
    ) {
        let mut upload = UploadState::new(size, 200);
        for (offset, len) in chunks {
            let before = upload.received();
            match upload.accept(offset, len) {
                Ok(()) => prop_assert_eq!(upload.received(), offset + len),
                Err(_) => prop_assert_eq!(upload.received(), before),
            }
            prop_assert!(upload.received() <= size);
            prop_assert_eq!(upload.complete().is_ok(), upload.received() == size);
        }
    }
}
