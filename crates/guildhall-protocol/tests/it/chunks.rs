//! The binary form of upload chunks.

use guildhall_protocol::{CHUNK_BYTES_MAX, CHUNK_HEADER_BYTES, Chunk, Code};

use crate::samples::id;

#[test]
fn a_chunk_has_its_frozen_bytes() {
    let chunk = Chunk {
        upload: id(0x0102),
        offset: 0x0304,
        data: b"map",
    };
    let mut bytes = [0; CHUNK_HEADER_BYTES].to_vec();
    bytes[14..16].copy_from_slice(&[1, 2]);
    bytes[22..24].copy_from_slice(&[3, 4]);
    bytes.extend_from_slice(b"map");
    assert_eq!(chunk.encode(), bytes);
}

#[test]
fn chunks_from_one_byte_to_the_limit_come_back_as_they_were_sent() {
    for length in [1, 2, CHUNK_BYTES_MAX] {
        let data = vec![7; length];
        let chunk = Chunk {
            upload: id(1),
            offset: u64::MAX,
            data: &data,
        };
        assert_eq!(Chunk::decode(&chunk.encode()), Ok(chunk));
    }
}

#[test]
fn a_frame_of_any_other_length_is_malformed() {
    for length in (0..=CHUNK_HEADER_BYTES).chain([CHUNK_HEADER_BYTES + CHUNK_BYTES_MAX + 1]) {
        let refusal = Chunk::decode(&vec![0; length]).unwrap_err();
        assert_eq!(refusal.code, Code::ChunkMalformed, "{length}");
    }
}
