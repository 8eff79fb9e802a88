//! Websocket frames byte by byte (RFC 6455 §5.2), also wrong ones.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
const OPCODE_CLOSE: u8 = 8;

/// A frame to send. Right unless you make it wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    pub fin: bool,
    /// The three reserved bits, 0 in a right frame.
    pub reserved: u8,
    /// 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// True in a right frame of a client.
    pub masked: bool,
    /// What the header says in place of the payload's true length.
    pub claimed_length: Option<u64>,
    pub payload: Vec<u8>,
}

impl RawFrame {
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            fin: true,
            reserved: 0,
            opcode,
            masked: true,
            claimed_length: None,
            payload: payload.into(),
        }
    }

    pub fn text(payload: &str) -> Self {
        Self::new(1, payload)
    }

    pub fn binary(payload: &[u8]) -> Self {
        Self::new(2, payload)
    }

    pub fn close(code: u16, reason: &str) -> Self {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend_from_slice(reason.as_bytes());
        Self::new(OPCODE_CLOSE, payload)
    }

    pub fn ping(payload: &[u8]) -> Self {
        Self::new(9, payload)
    }

    pub fn pong(payload: &[u8]) -> Self {
        Self::new(10, payload)
    }

    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        let first = u8::from(self.fin) << 7 | (self.reserved & 7) << 4 | (self.opcode & 15);
        let mut bytes = vec![first];
        let mask_bit = u8::from(self.masked) << 7;
        let length = u64::try_from(self.payload.len()).expect("usize fits into u64");
        let length = self.claimed_length.unwrap_or(length);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short), _) if short < 126 => bytes.push(mask_bit | short),
            (_, Ok(medium)) => {
                bytes.push(mask_bit | 126);
                bytes.extend_from_slice(&medium.to_be_bytes());
            }
            _ => {
                bytes.push(mask_bit | 127);
                bytes.extend_from_slice(&length.to_be_bytes());
            }
        }
        if self.masked {
            bytes.extend_from_slice(&MASK);
            let mask = MASK.iter().cycle();
            bytes.extend(
                self.payload
                    .iter()
                    .zip(mask)
                    .map(|(byte, mask)| byte ^ mask),
            );
        } else {
            bytes.extend_from_slice(&self.payload);
        }
        bytes
    }
}

/// A frame that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFrame {
    pub fin: bool,
    pub opcode: u8,
    pub payload: Vec<u8>,
}

impl ReadFrame {
    /// Reads one frame, `None` at the end of the stream before its first byte.
    pub(super) async fn read(
        stream: &mut (impl AsyncRead + Unpin),
        bytes_max: u64,
    ) -> io::Result<Option<Self>> {
        let first = match stream.read_u8().await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            first => first?,
        };
        let second = stream.read_u8().await?;
        let length = match second & 127 {
            126 => u64::from(stream.read_u16().await?),
            127 => stream.read_u64().await?,
            short => u64::from(short),
        };
        if second & 128 != 0 || length > bytes_max {
            return Err(io::Error::other(format!("masked, or {length} bytes long")));
        }
        let mut payload = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        stream.read_exact(&mut payload).await?;
        Ok(Some(Self {
            fin: first & 128 != 0,
            opcode: first & 15,
            payload,
        }))
    }

    pub fn text(&self) -> Option<&str> {
        let payload = std::str::from_utf8(&self.payload).ok();
        payload.filter(|_| self.opcode == 1)
    }

    /// Code and reason of a close frame; 1005 and nothing for an empty one.
    pub fn close(&self) -> Option<(u16, String)> {
        if self.opcode != OPCODE_CLOSE {
            return None;
        }
        let Some((code, reason)) = self.payload.split_first_chunk::<2>() else {
            return Some((1005, String::new()));
        };
        let reason = String::from_utf8_lossy(reason).into_owned();
        Some((u16::from_be_bytes(*code), reason))
    }
}
