//! Why a websocket was closed: the code and the reason word of the close
//! frame. 1000..=1011 as in RFC 6455 §7.4.1, 4000 and up are ours.

use std::fmt;

/// A close code with its reason word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode {
    pub code: u16,
    pub reason: &'static str,
}

macro_rules! close_codes {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $reason:literal;)*) => {
        impl CloseCode {
            $(
                $(#[$meta])*
                pub const $name: Self = Self { code: $code, reason: $reason };
            )*

            /// Every close code that a server sends.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

close_codes! {
    /// The client closed, or both are done.
    NORMAL = 1000, "normal";
    /// The server stops.
    GOING_AWAY = 1001, "going_away";
    /// A frame that breaks the websocket protocol.
    PROTOCOL_ERROR = 1002, "protocol_error";
    /// A text frame that is not UTF-8.
    INVALID_UTF8 = 1007, "invalid_utf8";
    /// A frame or message over the limit.
    TOO_BIG = 1009, "too_big";
    /// The server failed; the fault is not the client's.
    INTERNAL_ERROR = 1011, "internal_error";
    /// The server has as many sessions as it may have; connect again later.
    TRY_AGAIN_LATER = 1013, "try_again_later";
    /// The account signed out.
    SIGNED_OUT = 4000, "signed_out";
    /// The session was ended by its supervisor or an administrator.
    SESSION_KILLED = 4001, "session_killed";
    /// No application message within the idle timeout.
    IDLE_EXPIRED = 4002, "idle_expired";
    /// No frame at all within the liveness timeout.
    LIVENESS_LOST = 4003, "liveness_lost";
    /// The client took nothing in for too long, or left more unread than the outbox holds.
    SLOW_READER = 4004, "slow_reader";
    /// The session's process crashed.
    SESSION_FAILED = 4006, "session_failed";
    /// An operator ended the session; `session.ending` has the reason.
    KICKED = 4007, "kicked";
    /// The account may not come in any more; `session.ending` has the reason.
    BANNED = 4008, "banned";
    /// The account has a new password, and this session came in with the old one.
    PASSWORD_CHANGED = 4009, "password_changed";
    /// The token that the session came in with has ended.
    TOKEN_EXPIRED = 4010, "token_expired";
    /// No `session.hello` within the time for it.
    HELLO_TIMEOUT = 4011, "hello_timeout";
}

impl CloseCode {
    /// The close code of this number, if it is one of ours.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code == code)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.reason)
    }
}
