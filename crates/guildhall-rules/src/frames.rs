//! The scanner of websocket frame headers (RFC 6455 §5.2), fed with chunks cut anywhere: what a frame declares
//! is judged before anything is kept of it. A socket's guard drives it in front of its codec.

#[cfg(test)]
mod tests;

/// Longest header: 2 bytes, 8 of length, 4 of mask.
const HEADER_BYTES_MAX: usize = 14;
/// Longest payload of a control frame (RFC 6455 §5.5).
const CONTROL_BYTES_MAX: u64 = 125;

const FIN: u8 = 0x80;
const RSV: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Where the scanner is, and what it allows.
pub struct Scan {
    frame_bytes_max: u64,
    message_bytes_max: u64,
    header: Vec<u8>,
    payload_left: u64,
    /// Bytes of the fragmented message so far; `None` outside of one.
    message_bytes: Option<u64>,
}

/// What a frame does that it may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// It breaks the protocol: no mask, an unknown opcode, a reserved bit, a frame out of turn.
    Protocol,
    /// It, or the message that it belongs to, declares more than the limit.
    TooBig,
}

/// What a chunk held.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// Frames that ended in it.
    pub frames: usize,
    /// Bytes before the frame that violates a rule; all of them without one.
    pub good_bytes: usize,
    /// What the frame after those bytes does.
    pub breach: Option<Breach>,
}

impl Scan {
    /// A scanner at the start of a stream; both bounds in bytes, of a binary frame and of a whole message.
    #[must_use]
    pub fn new(frame_bytes_max: usize, message_bytes_max: usize) -> Self {
        Self {
            frame_bytes_max: u64::try_from(frame_bytes_max).unwrap_or(u64::MAX),
            message_bytes_max: u64::try_from(message_bytes_max).unwrap_or(u64::MAX),
            header: Vec::with_capacity(HEADER_BYTES_MAX),
            payload_left: 0,
            message_bytes: None,
        }
    }

    /// Reads the next bytes of the stream, up to the first breach; after one nothing more may be fed.
    pub fn feed(&mut self, chunk: &[u8]) -> Seen {
        let mut seen = Seen {
            frames: 0,
            good_bytes: chunk.len(),
            breach: None,
        };
        let mut rest = chunk;
        let mut frame_start = 0;
        while let Some((&byte, after)) = rest.split_first() {
            if self.payload_left > 0 {
                let step = usize::try_from(self.payload_left)
                    .unwrap_or(usize::MAX)
                    .min(rest.len());
                self.payload_left -= u64::try_from(step).unwrap_or(0);
                rest = rest.get(step..).unwrap_or_default();
                if self.payload_left == 0 {
                    seen.frames += 1;
                }
                continue;
            }
            if self.header.is_empty() {
                frame_start = chunk.len() - rest.len();
            }
            rest = after;
            self.header.push(byte);
            match self.header_done() {
                Ok(false) => {}
                Ok(true) => {
                    self.header.clear();
                    if self.payload_left == 0 {
                        seen.frames += 1;
                    }
                }
                Err(breach) => {
                    seen.good_bytes = frame_start;
                    seen.breach = Some(breach);
                    return seen;
                }
            }
        }
        seen
    }

    /// Judges the header as soon as each part of it is there; true when it is whole.
    fn header_done(&mut self) -> Result<bool, Breach> {
        let (first, second) = match *self.header.as_slice() {
            [first] => return check_first(first).map(|()| false),
            [first, second, ..] => (first, second),
            [] => return Ok(false),
        };
        let (opcode, fin) = (first & OPCODE, first & FIN != 0);
        if self.header.len() == 2 {
            self.check_start(second, opcode, fin)?;
        }
        let extended = match second & LENGTH {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if self.header.len() == 2 + extended {
            self.check_length(self.length(second, extended), opcode, fin)?;
        }
        let whole = self.header.len() == 2 + extended + 4;
        if whole {
            self.payload_left = self.length(second, extended);
        }
        Ok(whole)
    }

    fn check_start(&self, second: u8, opcode: u8, fin: bool) -> Result<(), Breach> {
        let control = matches!(opcode, CLOSE | PING | PONG);
        let long = u64::from(second & LENGTH) > CONTROL_BYTES_MAX;
        let in_message = self.message_bytes.is_some();
        let out_of_turn = match opcode {
            CONTINUATION => !in_message,
            TEXT | BINARY => in_message,
            _ => false,
        };
        if second & MASKED == 0 || control && (!fin || long) || out_of_turn {
            return Err(Breach::Protocol);
        }
        Ok(())
    }

    fn length(&self, second: u8, extended: usize) -> u64 {
        let bytes = self.header.get(2..2 + extended).unwrap_or_default();
        if bytes.is_empty() {
            return u64::from(second & LENGTH);
        }
        bytes
            .iter()
            .fold(0, |length, &byte| length << 8 | u64::from(byte))
    }

    /// The declared length is believed only as far as it refuses: nothing is buffered for it.
    fn check_length(&mut self, length: u64, opcode: u8, fin: bool) -> Result<(), Breach> {
        if length > u64::MAX >> 1 {
            return Err(Breach::Protocol);
        }
        // A browser sends a text message in one frame, whatever its size.
        if opcode == BINARY && length > self.frame_bytes_max {
            return Err(Breach::TooBig);
        }
        if matches!(opcode, CLOSE | PING | PONG) {
            return Ok(());
        }
        let message = self.message_bytes.unwrap_or(0).saturating_add(length);
        if message > self.message_bytes_max {
            return Err(Breach::TooBig);
        }
        self.message_bytes = (!fin).then_some(message);
        Ok(())
    }
}

fn check_first(first: u8) -> Result<(), Breach> {
    let known = matches!(
        first & OPCODE,
        CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG
    );
    if first & RSV != 0 || !known {
        return Err(Breach::Protocol);
    }
    Ok(())
}
