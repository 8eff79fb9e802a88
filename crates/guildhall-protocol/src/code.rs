//! Every refusal code there is, one line each: the wire word, whether a retry
//! can help, the rule and the next step that a refusal has unless its maker
//! knows closer ones. Codes are stable: they are added, never changed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Retry;

macro_rules! codes {
    ($($(#[$meta:meta])* $code:ident $wire:literal $retry:ident $rule:literal $next:literal;)*) => {
        /// Why something was refused, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code {
            $(
                $(#[$meta])*
                #[doc = concat!("\n\nWire word `", $wire, "`, rule `", $rule, "`. Next: ", $next)]
                #[serde(rename = $wire)]
                $code,
            )*
        }

        impl Code {
            /// Every code, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $wire,)* }
            }

            /// The rule that refuses with this code.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$code => $rule,)* }
            }

            /// What to do next.
            pub const fn next(self) -> &'static str {
                match self { $(Self::$code => $next,)* }
            }

            /// Whether sending the same again can help.
            pub const fn retry(self) -> Retry {
                match self { $(Self::$code => Retry::$retry,)* }
            }
        }
    };
}

codes! {
    /// The text is not one JSON object.
    MalformedJson "malformed_json" Never "wire.json" "Send one JSON object per text frame.";
    /// The request has no id, or it is not a UUID.
    BadRequestId "bad_request_id" Never "wire.request_id" "Give every request a fresh UUID as \"id\".";
    /// The request's type is missing or not known.
    UnknownType "unknown_type" Never "wire.type" "Use a request type of this protocol version.";
    /// A field is missing, has the wrong type or is out of range.
    BadField "bad_field" Never "wire.field" "Correct the named field.";
    /// A message is longer than the announced limit.
    MessageTooLarge "message_too_large" Never "wire.message_size" "Keep messages within the limits of the welcome.";
    /// A request came before `session.hello`.
    HelloFirst "hello_first" Never "session.hello_first" "Send session.hello as the first message.";

    /// No valid token or ticket.
    Unauthenticated "unauthenticated" Never "auth.token" "Sign in and connect with the new token.";
    /// The page's origin is not on the server's list.
    OriginForbidden "origin_forbidden" Never "auth.origin" "Open the game from an origin that the server allows.";
    /// An operator has banned the account, for the reason that the message tells.
    Banned "banned" Never "auth.ban" "Wait until the ban ends, or ask the operator to lift it.";
    /// It does not exist, or the asker may not know that it does.
    NotFound "not_found" Never "lookup.exists" "Check the id.";
    /// The asker is not a member of the campaign or guild.
    NotAMember "not_a_member" Never "rights.member" "Join with an invite code first.";
    /// The asker's role does not allow it.
    RoleForbidden "role_forbidden" Never "rights.role" "Ask a GM of the campaign to do it or to change your role.";
    /// The asker's rank does not allow it.
    RankForbidden "rank_forbidden" Never "rights.rank" "Ask a leader of the guild to do it or to change your rank.";
    /// No such invite code, or it was withdrawn.
    InviteUnknown "invite_unknown" Never "invite.known" "Ask for a new invite code.";
    /// The asker is a member already.
    AlreadyMember "already_member" Never "invite.once" "Nothing is left to do.";
    /// The guild would have no leader any more.
    LastLeader "last_leader" Never "guild.leader" "Make another member leader first.";
    /// What lay in escrow has arrived before.
    EscrowTaken "escrow_taken" AfterReload "escrow.once" "See what is open with escrow.list.";
    /// There is no realm of this name.
    RealmUnknown "realm_unknown" Never "realm.known" "Check the realm's name.";

    /// This session does not have the board open.
    NotOpen "not_open" Never "board.open_first" "Open the board first.";
    /// The base was not acknowledged as loaded by this session.
    BaseNotLoaded "base_not_loaded" AfterReload "board.load_first" "Download the base revision, check its hash and send board.loaded.";
    /// The head has moved past the base.
    StaleBase "stale_base" AfterReload "board.compare_and_set" "Load the present head, merge, and upload on it.";
    /// No upload of this id is open to the session.
    UploadUnknown "upload_unknown" Never "upload.ticket" "Ask for a ticket with board.upload.";
    /// The chunk does not begin where the last one ended.
    UploadOutOfOrder "upload_out_of_order" Never "upload.order" "Start a new upload and send its chunks in order.";
    /// The chunks hold more than was announced.
    UploadTooLong "upload_too_long" Never "upload.size" "Announce the true size.";
    /// Bytes are missing at commit.
    UploadIncomplete "upload_incomplete" Never "upload.complete" "Send the missing bytes, then commit.";
    /// The upload was committed, abandoned, refused or has expired.
    UploadEnded "upload_ended" Never "upload.ended" "Start a new upload.";
    /// A binary frame is not a chunk.
    ChunkMalformed "chunk_malformed" Never "upload.chunk_shape" "Send upload id, offset and 1 to 65536 bytes of data.";
    /// The announced size is over the limit.
    UploadTooLarge "upload_too_large" Never "upload.size_max" "Make the file smaller.";
    /// The session has too many uploads under way.
    TooManyUploads "too_many_uploads" Later "upload.count_max" "Commit or abandon another upload first.";
    /// The board has another format, or there is no such format.
    FormatMismatch "format_mismatch" Never "board.format" "Use the board's own format.";
    /// The uploaded map does not decode, or an invariant does not hold.
    MapInvalid "map_invalid" Never "board.map" "Correct the named fault and upload again.";
    /// A hash differs from what the server has.
    HashMismatch "hash_mismatch" AfterReload "board.hash" "Transfer the bytes again.";

    /// A name breaks a rule of spelling.
    NameInvalid "name_invalid" Never "name.spelling" "Choose another name.";
    /// The name belongs to someone else.
    NameTaken "name_taken" Never "name.unique" "Choose another name.";
    /// The name looks like one that belongs to someone else.
    NameConfusable "name_confusable" Never "name.confusable" "Choose a name that cannot be mistaken.";
    /// The state was made from an older version.
    StaleVersion "stale_version" AfterReload "save.compare_and_set" "Load the present version and save on it.";
    /// The character is played by another session by now.
    Fenced "fenced" AfterReload "save.play_epoch" "Load the present state and enter play again.";
    /// A state is over the limit.
    StateTooLarge "state_too_large" Never "save.size_max" "Make the state smaller.";
    /// The database refused the write; everything else in its batch stands.
    RefusedByDatabase "refused_by_database" Never "save.database" "Load the present state; your change was not made.";

    /// The login belongs to someone else.
    LoginTaken "login_taken" Never "account.login_unique" "Choose another login.";
    /// The login breaks a rule of spelling.
    LoginInvalid "login_invalid" Never "account.login" "Choose another login.";
    /// The password breaks the password rule.
    PasswordTooWeak "password_too_weak" Never "account.password" "Choose a longer password.";
    /// Login and password do not belong together.
    CredentialsWrong "credentials_wrong" Never "auth.credentials" "Check login and password.";
    /// Too many wrong passwords came for this login, or from this address.
    TooManyAttempts "too_many_attempts" Later "auth.attempts" "Wait as long as Retry-After says, then try again.";
    /// Too much was asked within a time.
    RateLimited "rate_limited" Later "limits.rate" "Wait as long as Retry-After says, then try again.";
    /// An HTTP body is over the limit.
    BodyTooLarge "body_too_large" Never "http.body_size" "Send a smaller body.";

    /// The asker has as many of these as one may have.
    LimitReached "limit_reached" Later "limits.count" "Give one of them up, or wait until one ends.";
    /// A queue is full; nothing was taken in.
    Overloaded "overloaded" Later "limits.queue" "Wait a little, then try again.";
    /// A part of the server is restarting or out of reach.
    Unavailable "unavailable" Later "server.available" "Wait a little, then try again.";
    /// A fault of the server.
    Internal "internal" Later "server.fault" "Try again; if it stays, tell the operator.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
