//! What a session is told, by its socket and by other processes, and the two ways to tell it.

use bytes::Bytes;
use bytestring::ByteString;
use guildhall_process::{Handle, ProcRef, SendError};
use guildhall_protocol::Event;
use uuid::Uuid;

use super::{Session, ended};
use crate::hall::Hall;

/// One whole message of the peer, with the place that it holds in the socket's window.
pub struct Inbound {
    /// What arrived.
    pub message: Message,
    /// Given back when the message was handled.
    pub place: Box<dyn Send>,
}

/// The two kinds of message.
#[derive(Debug)]
pub enum Message {
    /// A request.
    Text(ByteString),
    /// A chunk of an upload.
    Binary(Bytes),
}

/// A frame of the peer that is no message: a ping or a pong.
pub struct Alive;

/// Frames that the socket handed to HTTP.
pub struct Sent {
    /// How many.
    pub frames: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// An event that another process has encoded for many.
#[derive(Clone)]
pub struct Deliver {
    /// The frame.
    pub text: ByteString,
}

/// An event for this session alone.
pub struct Notice(pub Event);

/// The presence process asks who is here.
pub struct Announce;

/// Another session plays a character that this one has played.
pub struct Replaced {
    /// The character.
    pub character: Uuid,
    /// The epoch under which this session played it.
    pub epoch: u32,
}

/// Sends to a session what it must not miss: one that has made no room in its mailbox is ended as a slow
/// reader, so that nothing is lost in silence.
pub fn tell_or_end<M: Send + 'static>(session: &ProcRef<Session>, message: M)
where
    Session: Handle<M>,
{
    if let Err(SendError::Full(_)) = session.tell(message) {
        guildhall_process::exit(session.pid(), ended("slow_reader"));
    }
}

/// Tells every session, each of which knows itself whether it is meant: no list could lag behind.
pub fn tell_all<M: Send + 'static>(hall: &Hall, message: impl Fn() -> M)
where
    Session: Handle<M>,
{
    let sessions = hall.sessions.registry();
    for id in sessions.keys() {
        if let Some(session) = sessions.whereis(&id) {
            tell_or_end(&session, message());
        }
    }
}
