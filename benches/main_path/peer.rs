//! A websocket client that costs next to nothing: blocking, two system calls per request, no decoding.
//! Many of them on one thread keep a server busy and leave the processor to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use guildhall_testkit::RawFrame;

use crate::harness::PATIENCE;

/// How a frame begins that answers a request; everything else is an event.
const ANSWER: &[u8] = br#"{"re":"#;

pub struct Peer {
    stream: TcpStream,
    inbox: Vec<u8>,
}

impl Peer {
    /// Connects and upgrades; `headers` are whole lines with their ends.
    pub fn connect(address: SocketAddr, path: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{head:?}");
        Self {
            stream,
            inbox: Vec::with_capacity(4096),
        }
    }

    /// Sends a text and waits for its answer.
    pub fn ask(&mut self, text: &str) -> String {
        self.send(&RawFrame::text(text).encode());
        String::from_utf8(self.answer()).unwrap()
    }

    /// Sends frames that were encoded before.
    pub fn send(&mut self, frames: &[u8]) {
        self.stream.write_all(frames).unwrap();
    }

    /// Waits for the next answer and passes over events.
    pub fn answer(&mut self) -> Vec<u8> {
        loop {
            while let Some(payload) = self.next_frame() {
                if payload.starts_with(ANSWER) {
                    return payload;
                }
            }
            let mut chunk = [0; 4096];
            let read = self.stream.read(&mut chunk).unwrap();
            assert_ne!(read, 0, "the server closed the connection");
            self.inbox.extend_from_slice(&chunk[..read]);
        }
    }

    /// The payload of the first frame that is here whole; none that a server sends here is 64 KiB long.
    fn next_frame(&mut self) -> Option<Vec<u8>> {
        let short = usize::from(*self.inbox.get(1)?);
        let (head, len) = match short {
            126 => {
                let len = self.inbox.get(2..4)?.try_into().unwrap();
                (4, usize::from(u16::from_be_bytes(len)))
            }
            short => (2, short),
        };
        let payload = self.inbox.get(head..head + len)?.to_vec();
        self.inbox.drain(..head + len);
        Some(payload)
    }
}
