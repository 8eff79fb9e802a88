//! Text and binary frames: a request, what a server sends, a chunk of an upload. What was understood is written
//! and understood again as the same.

use guildhall_protocol::{Chunk, Request, ServerFrame};

/// The longest answer to what was not understood: nobody gets a large text echoed.
const REFUSAL_BYTES_MAX: usize = 4_096;

pub fn hold(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        request(text);
        server_frame(text);
    }
    if let Ok(chunk) = Chunk::decode(bytes) {
        assert_eq!(chunk.encode(), bytes);
    }
}

fn request(text: &str) {
    match Request::parse(text) {
        Ok(request) => {
            let again = Request::parse(&request.to_json());
            assert_eq!(again.as_ref(), Ok(&request));
        }
        Err(bad) => {
            let answer = ServerFrame::from(bad).to_json();
            assert!(answer.len() <= REFUSAL_BYTES_MAX, "{}", answer.len());
            assert!(ServerFrame::parse(&answer).is_ok(), "{answer}");
        }
    }
}

fn server_frame(text: &str) {
    let Ok(frame) = ServerFrame::parse(text) else {
        return;
    };
    let again = ServerFrame::parse(&frame.to_json());
    assert_eq!(again.ok().as_ref(), Some(&frame));
}
