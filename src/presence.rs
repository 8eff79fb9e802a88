//! The presence process: which session belongs to whom, and how sessions ended. Between `guilds` and
//! `sessions` in the tree, permanent, named. Everything here hangs on monitors: an entry goes when its
//! session dies, by no other way, and the cause is counted then.

use std::collections::{BTreeMap, HashMap};

use guildhall_process::{Ctx, Down, ExitReason, Handle, Init, Pid, ProcRef, Process, ReplyTo};
use uuid::Uuid;

use crate::auth::secrets::SecretHash;
use crate::hall::HallRef;
use crate::session::{Deliver, Session};

/// See the file's head.
pub struct Presence {
    hall: HallRef,
    here: HashMap<Pid, Entry>,
    ended: BTreeMap<String, u64>,
    started: u64,
}

struct Entry {
    session: ProcRef<Session>,
    id: Uuid,
    account: Uuid,
    token: SecretHash,
}

/// A session has started.
pub struct Arrive {
    /// The process.
    pub session: ProcRef<Session>,
    /// Its id on the wire.
    pub id: Uuid,
    /// Whose it is.
    pub account: Uuid,
    /// The token it was let in with.
    pub token: SecretHash,
    /// Answered once the monitor stands.
    pub reply: ReplyTo<()>,
}

/// Which of these accounts have a live session?
pub struct Online {
    /// The accounts asked about.
    pub accounts: Vec<Uuid>,
    /// Those that are here, in the same order.
    pub reply: ReplyTo<Vec<bool>>,
}

/// End every session that was let in with this token.
pub struct SignOut {
    /// The revoked token.
    pub token: SecretHash,
    /// How many sessions were ended.
    pub reply: ReplyTo<u32>,
}

/// Hand a frame to every session of an account.
pub struct TellAccount {
    /// Whose sessions.
    pub account: Uuid,
    /// The frame.
    pub deliver: Deliver,
}

/// Figures for the status page.
pub struct Figures {
    /// Who asks.
    pub reply: ReplyTo<SessionFigures>,
}

/// Sessions now and since the start of this process.
#[derive(Clone, Debug)]
pub struct SessionFigures {
    /// Living sessions.
    pub here: u64,
    /// Sessions ever started.
    pub started: u64,
    /// Ended sessions by cause.
    pub ended: BTreeMap<String, u64>,
}

impl Presence {
    /// Nobody is here yet.
    #[must_use]
    pub fn new(hall: HallRef) -> Self {
        Self {
            hall,
            here: HashMap::new(),
            ended: BTreeMap::new(),
            started: 0,
        }
    }
}

impl Process for Presence {
    const KIND: &'static str = "presence";
    const MAILBOX_MAX: usize = 65_536;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        match self.hall.presence.register(&ctx.me()) {
            Ok(()) => Init::Ready,
            Err(taken) => Init::Fail(ExitReason::error(taken.to_string())),
        }
    }

    fn handle_down(&mut self, down: Down, _: &mut Ctx<Self>) {
        let Some(entry) = self.here.remove(&down.pid) else {
            return;
        };
        let cause = cause(&down.reason);
        log::info!(
            session = entry.id.to_string(), account = entry.account.to_string(), cause = cause.as_str();
            "session ended: {}", down.reason
        );
        *self.ended.entry(cause).or_default() += 1;
    }
}

/// The word under which an exit reason is counted.
#[must_use]
pub fn cause(reason: &ExitReason) -> String {
    match reason {
        ExitReason::ShutdownWith(word) => word.to_string(),
        // The sentence after the colon is for the log; a counter per sentence would never end.
        ExitReason::Error(text) => text.split(':').next().unwrap_or("error").to_string(),
        other => other.label().to_string(),
    }
}

impl Handle<Arrive> for Presence {
    fn handle(&mut self, arrive: Arrive, ctx: &mut Ctx<Self>) {
        let Arrive {
            session,
            id,
            account,
            token,
            reply,
        } = arrive;
        let pid = session.pid();
        let entry = Entry {
            session,
            id,
            account,
            token,
        };
        if self.here.insert(pid, entry).is_none() {
            self.started += 1;
            ctx.monitor(pid);
        }
        reply.send(());
    }
}

impl Handle<Online> for Presence {
    fn handle(&mut self, Online { accounts, reply }: Online, _: &mut Ctx<Self>) {
        let here: std::collections::HashSet<Uuid> =
            self.here.values().map(|entry| entry.account).collect();
        reply.send(accounts.iter().map(|a| here.contains(a)).collect());
    }
}

impl Handle<SignOut> for Presence {
    fn handle(&mut self, SignOut { token, reply }: SignOut, _: &mut Ctx<Self>) {
        let reason = ExitReason::shutdown_with("signed_out");
        let theirs = self.here.iter().filter(|(_, entry)| entry.token == token);
        let mut ended = 0;
        for (pid, _) in theirs {
            guildhall_process::exit(*pid, reason.clone());
            ended += 1;
        }
        reply.send(ended);
    }
}

impl Handle<TellAccount> for Presence {
    fn handle(&mut self, TellAccount { account, deliver }: TellAccount, _: &mut Ctx<Self>) {
        for entry in self.here.values().filter(|e| e.account == account) {
            deliver.clone().to(&entry.session);
        }
    }
}

impl Handle<Figures> for Presence {
    fn handle(&mut self, Figures { reply }: Figures, _: &mut Ctx<Self>) {
        reply.send(SessionFigures {
            here: u64::try_from(self.here.len()).unwrap_or(u64::MAX),
            started: self.started,
            ended: self.ended.clone(),
        });
    }
}

/// A session tells that it is here, and goes on once its end is being watched.
///
/// # Errors
/// The presence process does not answer; the session must not go on unwatched.
pub async fn arrive(
    hall: &HallRef,
    session: ProcRef<Session>,
    id: Uuid,
    account: Uuid,
    token: SecretHash,
) -> Result<(), guildhall_process::CallError> {
    let call = hall.presence.call(|reply| Arrive {
        session,
        id,
        account,
        token,
        reply,
    });
    call.await
}
