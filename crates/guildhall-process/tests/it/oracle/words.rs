//! Outcomes in the words that OTP prints. What is always `true` or `ok` in OTP is nothing here, and
//! printed as OTP does; pids and references have no numbers.

use guildhall_process::{CallError, Exit, ExitReason, Pid};

use crate::kit::{Event, boom};

pub fn reason(reason: &ExitReason) -> String {
    match reason {
        ExitReason::ShutdownWith(term) => format!("{{shutdown,{term}}}"),
        ExitReason::Error(term) => term.to_string(),
        other => other.label().to_owned(),
    }
}

pub fn died(why: &ExitReason) -> String {
    format!("{{died,{}}}", reason(why))
}

/// The reasons of the experiments by their words.
pub fn reasons() -> Vec<ExitReason> {
    vec![
        ExitReason::Normal,
        ExitReason::Shutdown,
        ExitReason::shutdown_with("t"),
        ExitReason::Kill,
        ExitReason::Killed,
        boom(),
        ExitReason::NoProc,
    ]
}

pub fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<_> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// The EXIT and DOWN messages among the events, and what else happened; `of` is printed as `pid`.
pub fn messages(of: Pid, events: Vec<Event>) -> String {
    let name = |pid: Pid| match pid == of {
        true => "pid".to_owned(),
        false => pid.to_string(),
    };
    list(events.into_iter().map(|event| match event {
        Event::Exit(Exit { from, reason: why }) => {
            format!("{{'EXIT',{},{}}}", name(from), reason(&why))
        }
        Event::Down(down) => {
            let (pid, why) = (name(down.pid), reason(&down.reason));
            format!("{{'DOWN',ref,process,{pid},{why}}}")
        }
        other => format!("{other:?}"),
    }))
}

/// A call's outcome; a failed one is an exit of the caller in OTP.
pub fn call<T>(outcome: Result<T, CallError>, args: &str) -> String {
    let why = match outcome {
        Ok(_) => return "ok".to_owned(),
        Err(CallError::NoProc) => "noproc".to_owned(),
        Err(CallError::Exit(why)) => reason(&why),
        Err(other) => other.to_string(),
    };
    format!("{{'EXIT',{{{why},{{gen_server,call,{args}}}}}}}")
}
