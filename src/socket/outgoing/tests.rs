//! The body round a socket process that panics: the peer is told, the process is let go, the end is an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use guildhall_process::{ExitReason, Port, watch};

use super::*;

/// Like a socket process: its port is dropped with it.
struct Doomed(#[expect(dead_code, reason = "held for its drop")] Port);

impl Stream for Doomed {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        panic!("a handler of the socket failed");
    }
}

fn frame(code: CloseCode) -> Vec<u8> {
    let mut expected = vec![0x88, 2 + u8::try_from(code.reason.len()).unwrap()];
    expected.extend_from_slice(&code.code.to_be_bytes());
    expected.extend_from_slice(code.reason.as_bytes());
    expected
}

#[tokio::test]
async fn a_panic_of_the_socket_process_is_told_with_1011_and_ends_its_port() {
    let killed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&killed);
    let port = Port::open("socket", None, move |_| seen.store(true, Ordering::Relaxed));
    let end = watch(port.pid());
    let mut body = Outgoing::new(Doomed(port));
    let told = body.next().await.unwrap().unwrap();
    assert_eq!(told.to_vec(), frame(CloseCode::INTERNAL_ERROR));
    // The process is gone by then, and whoever is linked to its port hears it.
    assert_eq!(end.await, ExitReason::error("dropped"));
    assert!(!killed.load(Ordering::Relaxed));
    // Only an error has the HTTP layer close the connection at once.
    assert!(body.next().await.unwrap().is_err());
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn what_a_socket_process_sent_comes_before_the_end_of_the_body() {
    let sent = stream::iter([
        Ok(Bytes::from_static(b"one")),
        Ok(Bytes::from_static(b"two")),
    ]);
    let mut body = Outgoing::new(sent);
    assert_eq!(body.next().await.unwrap().unwrap(), "one");
    assert_eq!(body.next().await.unwrap().unwrap(), "two");
    assert!(body.next().await.unwrap().is_err());
    assert!(body.next().await.is_none());
}
