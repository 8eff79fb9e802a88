//! A websocket client without manners: it sends whatever bytes a test wants
//! (RFC 6455 §5.2), unmasked, mislabelled or cut short, and ends its TCP
//! connection in every way there is. Frames of the server are read as they are.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

mod frame;

pub use frame::{RawFrame, ReadFrame};

/// Longest head of an HTTP answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Longest frame that is read.
const FRAME_BYTES_MAX: u64 = 16 * 1024 * 1024;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The sample key of RFC 6455 §1.3: the answer to it is not checked here.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A raw websocket connection.
#[derive(Debug)]
pub struct RawSocket {
    stream: BufReader<TcpStream>,
}

/// The answer to a handshake that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRefusal {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: String,
}

impl RawSocket {
    /// Opens a TCP connection and asks for an upgrade with the given headers
    /// beside those that every handshake has.
    ///
    /// # Panics
    /// When there is no HTTP answer within 10 s.
    pub async fn handshake(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, RawRefusal> {
        let stream = TcpStream::connect(address).await;
        Self::handshake_on(stream.expect("a TCP connection"), path, headers).await
    }

    /// The same with a small receive buffer: a server that writes to it soon
    /// finds that nobody reads.
    ///
    /// # Panics
    /// When there is no HTTP answer within 10 s.
    pub async fn handshake_with_receive_buffer(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
        buffer_bytes: u32,
    ) -> Result<Self, RawRefusal> {
        let socket = TcpSocket::new_v4().expect("a socket");
        let sized = socket.set_recv_buffer_size(buffer_bytes);
        sized.expect("a receive buffer of this size");
        let stream = socket.connect(address).await;
        Self::handshake_on(stream.expect("a TCP connection"), path, headers).await
    }

    async fn handshake_on(
        stream: TcpStream,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, RawRefusal> {
        stream.set_nodelay(true).expect("a TCP option");
        let address = stream.peer_addr().expect("a connected socket");
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
        );
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += "\r\n";
        let mut socket = Self {
            stream: BufReader::new(stream),
        };
        let answer = async {
            socket.send(request.as_bytes()).await?;
            socket.read_answer().await
        };
        let answer = timeout(HANDSHAKE_TIMEOUT, answer).await;
        match answer.expect("an answer in time").expect("an HTTP answer") {
            refusal if refusal.status == 101 => Ok(socket),
            refusal => Err(refusal),
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes).await
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send_frame(&mut self, frame: &RawFrame) -> io::Result<()> {
        self.send(&frame.encode()).await
    }

    /// The next frame; `None` when the server has ended the TCP connection,
    /// politely or by a reset.
    ///
    /// # Panics
    /// At the deadline, and at a frame that is cut short or over 16 MiB.
    pub async fn read_frame(&mut self, deadline: Duration) -> Option<ReadFrame> {
        let read = ReadFrame::read(&mut self.stream, FRAME_BYTES_MAX);
        let read = timeout(deadline, read).await;
        match read.unwrap_or_else(|_| panic!("no frame within {deadline:?}")) {
            Ok(frame) => frame,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("not a frame: {error}"),
        }
    }

    /// Reads on to the close frame and gives its code and reason; `None` when
    /// the TCP connection ended without one. The code of an empty one is 1005.
    ///
    /// # Panics
    /// When either takes longer than the deadline after the last frame.
    pub async fn read_close(&mut self, deadline: Duration) -> Option<(u16, String)> {
        loop {
            if let Some(close) = self.read_frame(deadline).await?.close() {
                return Some(close);
            }
        }
    }

    /// Ends our half of the TCP connection (FIN); reading goes on.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn half_close(&mut self) -> io::Result<()> {
        self.stream.get_mut().shutdown().await
    }

    /// Ends the TCP connection without a close frame. A FIN, unless there is
    /// something left to read: then the kernel sends a reset.
    pub fn close(self) {}

    /// Ends the TCP connection with a reset (linger of zero seconds).
    pub fn reset(self) {
        let lingering = self.stream.get_ref().set_zero_linger();
        lingering.expect("a TCP option");
    }

    async fn read_answer(&mut self) -> io::Result<RawRefusal> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
            head.push(self.stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("not HTTP: {head:?}")))?;
        let mut body = vec![0; content_length(&head)];
        self.stream.read_exact(&mut body).await?;
        Ok(RawRefusal {
            status,
            head,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

fn content_length(head: &str) -> usize {
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let named = name.eq_ignore_ascii_case("content-length");
        named.then(|| value.trim().parse().ok())?
    };
    head.lines().find_map(header).unwrap_or(0)
}

#[cfg(test)]
mod tests;
