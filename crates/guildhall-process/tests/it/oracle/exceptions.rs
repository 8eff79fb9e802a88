//! The rows of OTP's record that are told in another form here. There is none that cannot hold.

/// A row that does not hold word by word.
pub struct Exception {
    pub label: &'static str,
    /// The outcome here.
    pub ours: &'static str,
    pub why: &'static str,
}

pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        label: "link(Dead) no trap",
        ours: "{died,noproc}",
        why: "OTP raises noproc in the caller, which ends it unless caught; here there is nothing \
              to catch, and the signal ends it with the same reason",
    },
    Exception {
        label: "send to dead",
        ours: "{error,{dead,x}}",
        why: "OTP drops the message silently; here it comes back",
    },
    Exception {
        label: "send to unregistered name",
        ours: "{error,{dead,x}}",
        why: "OTP raises badarg; here the message comes back, as from the dead",
    },
];
