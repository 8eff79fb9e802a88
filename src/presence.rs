//! The presence process: which session belongs to whom, and how sessions ended. Child of `core`, permanent,
//! named. Everything here hangs on monitors: an entry goes when its session dies, by no other way, and the
//! cause is counted then. After a crash the living sessions announce themselves again; the counts survive.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use guildhall_process::{Ctx, Down, ExitReason, Handle, Init, Pid, ProcRef, Process, ReplyTo};
use guildhall_protocol::Event;
use uuid::Uuid;

use crate::auth::Identity;
use crate::auth::secrets::SecretHash;
use crate::hall::HallRef;
use crate::session::{self, Announce, Notice, Replaced, Session};
use left::Left;
use roll::Roll;

mod left;
mod roll;
#[cfg(test)]
mod tests;

/// See the file's head.
pub struct Presence {
    hall: HallRef,
    roll: Roll,
    /// Who plays which character.
    played: HashMap<Uuid, Played>,
    left: Left,
}

/// Sessions counted since the server started; outlives the process that counts.
#[derive(Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    started: u64,
    ended: BTreeMap<String, u64>,
}

impl Tally {
    fn with<T>(&self, act: impl FnOnce(&mut Counts) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How a character is in play.
#[derive(Clone, Copy)]
struct Played {
    epoch: u32,
    /// The account that the character belongs to.
    owner: Uuid,
    by: By,
}

/// Who plays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Here(Pid),
    /// A session that has ended: who comes back with its token goes on.
    Left(SecretHash),
}

/// A character that a session plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Play {
    /// The character.
    pub character: Uuid,
    /// The epoch, as the database gave it.
    pub epoch: u32,
    /// The account that the character belongs to.
    pub owner: Uuid,
}

/// A session, and whose it is.
#[derive(Clone)]
pub struct Arrival {
    /// The process.
    pub session: ProcRef<Session>,
    /// Its id on the wire.
    pub id: Uuid,
    /// Who it was let in as.
    pub who: Identity,
    /// When it came in, by the server's clock.
    pub since: Duration,
}

struct Entry {
    arrival: Arrival,
    /// Characters that it has entered play with.
    characters: HashSet<Uuid>,
}

/// A session is here: it has started, or this process has.
pub struct Arrive {
    /// Which.
    pub arrival: Arrival,
    /// The characters that it plays; none when it has just started.
    pub plays: Vec<Play>,
    /// Answered once the monitor stands, with the characters that an earlier session of the same token has
    /// played to its end and nobody since: this one plays them now.
    pub reply: ReplyTo<Vec<Play>>,
}

/// A session has entered play: whoever played the character under an older epoch is told.
pub struct Plays {
    /// The session.
    pub session: Pid,
    /// What it plays.
    pub play: Play,
}

/// A session plays a character no more.
pub struct Leaves {
    /// The session.
    pub session: Pid,
    /// The character.
    pub character: Uuid,
}

/// Tell every session of these accounts.
pub struct Tell {
    /// Whom it concerns.
    pub accounts: Vec<Uuid>,
    /// A session that knows already.
    pub except: Option<Uuid>,
    /// What.
    pub event: Event,
}

/// Which of these accounts have a live session?
pub struct Online {
    /// The accounts asked about.
    pub accounts: Vec<Uuid>,
    /// Those that are here, in the same order.
    pub reply: ReplyTo<Vec<bool>>,
}

/// Who came in with this token and is here?
pub struct Vouch {
    /// The token.
    pub token: SecretHash,
    /// Whoever it is.
    pub reply: ReplyTo<Option<Identity>>,
}

/// Which sessions are here, of an account or of all?
pub struct WhoIsHere {
    /// The account, if it is about one.
    pub account: Option<Uuid>,
    /// The sessions; those of an account the oldest first.
    pub reply: ReplyTo<Vec<Arrival>>,
}

/// Figures for the status page.
pub struct Figures {
    /// Who asks.
    pub reply: ReplyTo<SessionFigures>,
}

/// Sessions now and since the start of the server.
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
            left: Left::new(hall.config.limits.sessions_left_max),
            hall,
            roll: Roll::default(),
            played: HashMap::new(),
        }
    }
}

impl Process for Presence {
    const KIND: &'static str = "presence";
    const MAILBOX_MAX: usize = 65_536;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        match self.hall.presence.register(&ctx.me()) {
            Ok(()) => {
                self.ask_who_is_here();
                Init::Ready
            }
            Err(taken) => Init::Fail(ExitReason::error(taken.to_string())),
        }
    }

    fn handle_down(&mut self, down: Down, _: &mut Ctx<Self>) {
        let Some(entry) = self.roll.strike(down.pid) else {
            return;
        };
        self.is_left(down.pid, &entry);
        let cause = cause(&down.reason);
        log::info!(
            session = entry.arrival.id.to_string(), account = entry.arrival.who.account.to_string(), cause = cause.as_str();
            "session ended: {}", down.reason
        );
        self.hall
            .tally
            .with(|counts| *counts.ended.entry(cause).or_default() += 1);
    }
}

impl Presence {
    /// A predecessor's entries died with it, the sessions did not.
    fn ask_who_is_here(&self) {
        session::tell_all(&self.hall, || Announce);
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
            arrival,
            plays,
            reply,
        } = arrive;
        let (pid, token) = (arrival.session.pid(), arrival.who.token);
        if self.roll.call_in(arrival) {
            ctx.monitor(pid);
        }
        for play in plays {
            self.plays(pid, play);
        }
        reply.send(self.come_back(pid, token));
    }
}

impl Presence {
    /// The newest epoch plays, in whatever order its news and an older one's come; the other is told.
    fn plays(&mut self, session: Pid, play: Play) {
        let Some(entry) = self.roll.get_mut(session) else {
            return;
        };
        let (character, epoch) = (play.character, play.epoch);
        entry.characters.insert(character);
        let by = By::Here(session);
        let owner = play.owner;
        let mine = Played { epoch, owner, by };
        let replaced = match self.played.insert(character, mine) {
            Some(newer) if newer.epoch > epoch => {
                self.played.insert(character, newer);
                mine
            }
            Some(older) => older,
            None => return,
        };
        if self.played.get(&character).map(|it| it.by) == Some(replaced.by) {
            return;
        }
        match replaced.by {
            By::Here(pid) => {
                if let Some(entry) = self.roll.get(pid) {
                    let epoch = replaced.epoch;
                    session::tell_or_end(&entry.arrival.session, Replaced { character, epoch });
                }
            }
            By::Left(token) => self.left.remove(token, character),
        }
    }

    fn leaves(&mut self, session: Pid, character: Uuid) {
        if let MapEntry::Occupied(played) = self.played.entry(character)
            && played.get().by == By::Here(session)
        {
            played.remove();
        }
    }

    /// A session has ended: what it played to its end waits for its token.
    fn is_left(&mut self, session: Pid, entry: &Entry) {
        let token = entry.arrival.who.token;
        let mut left = HashSet::new();
        for character in &entry.characters {
            if let Some(played) = self.played.get_mut(character)
                && played.by == By::Here(session)
            {
                played.by = By::Left(token);
                left.insert(*character);
            }
        }
        for character in self.left.put(token, left) {
            if let MapEntry::Occupied(played) = self.played.entry(character)
                && matches!(played.get().by, By::Left(_))
            {
                played.remove();
            }
        }
    }

    /// A session with this token is here: it plays what was left for it.
    fn come_back(&mut self, session: Pid, token: SecretHash) -> Vec<Play> {
        let Some(entry) = self.roll.get_mut(session) else {
            return Vec::new();
        };
        let mut plays = Vec::new();
        for character in self.left.take(token) {
            if let Some(played) = self.played.get_mut(&character)
                && played.by == By::Left(token)
            {
                played.by = By::Here(session);
                entry.characters.insert(character);
                plays.push(Play {
                    character,
                    epoch: played.epoch,
                    owner: played.owner,
                });
            }
        }
        plays
    }
}

impl Handle<Plays> for Presence {
    fn handle(&mut self, plays: Plays, _: &mut Ctx<Self>) {
        self.plays(plays.session, plays.play);
    }
}

impl Handle<Leaves> for Presence {
    fn handle(&mut self, Leaves { session, character }: Leaves, _: &mut Ctx<Self>) {
        if let Some(entry) = self.roll.get_mut(session) {
            entry.characters.remove(&character);
        }
        self.leaves(session, character);
    }
}

impl Handle<Tell> for Presence {
    fn handle(&mut self, tell: Tell, _: &mut Ctx<Self>) {
        let Tell {
            accounts,
            except,
            event,
        } = tell;
        for arrival in accounts.iter().flat_map(|id| self.roll.of_account(*id)) {
            if except != Some(arrival.id) {
                session::tell_or_end(&arrival.session, Notice(event.clone()));
            }
        }
    }
}

/// Tells every session of these accounts but one, if the presence process lives: what it tells of stands in
/// the database, and who asks anew sees it.
pub fn tell(hall: &HallRef, accounts: Vec<Uuid>, except: Option<Uuid>, event: Event) {
    let tell = Tell {
        accounts,
        except,
        event,
    };
    if hall.presence.tell(tell).is_err() {
        log::warn!("presence does not take an event up");
    }
}

impl Handle<Online> for Presence {
    fn handle(&mut self, Online { accounts, reply }: Online, _: &mut Ctx<Self>) {
        let online = |account: &Uuid| self.roll.of_account(*account).next().is_some();
        reply.send(accounts.iter().map(online).collect());
    }
}

impl Handle<Vouch> for Presence {
    fn handle(&mut self, Vouch { token, reply }: Vouch, _: &mut Ctx<Self>) {
        reply.send(self.roll.of_token(token).next().map(|it| it.who.clone()));
    }
}

impl Handle<WhoIsHere> for Presence {
    fn handle(&mut self, WhoIsHere { account, reply }: WhoIsHere, _: &mut Ctx<Self>) {
        reply.send(match account {
            Some(account) => self.roll.of_account(account).cloned().collect(),
            None => self.roll.everybody().cloned().collect(),
        });
    }
}

impl Handle<Figures> for Presence {
    fn handle(&mut self, Figures { reply }: Figures, _: &mut Ctx<Self>) {
        let here = u64::try_from(self.roll.len()).unwrap_or(u64::MAX);
        reply.send(self.hall.tally.with(|counts| SessionFigures {
            here,
            started: counts.started,
            ended: counts.ended.clone(),
        }));
    }
}

/// A new session tells that it is here, and goes on once its end is being watched; the characters that it plays
/// from its start, as the last session of its token did.
///
/// # Errors
/// The presence process does not answer; the session must not go on unwatched.
pub async fn arrive(
    hall: &HallRef,
    arrival: Arrival,
) -> Result<Vec<Play>, guildhall_process::CallError> {
    let call = hall.presence.call(|reply| Arrive {
        arrival,
        plays: Vec::new(),
        reply,
    });
    let plays = call.await?;
    hall.tally.with(|counts| counts.started += 1);
    Ok(plays)
}

/// Who came in with this token and is here, as far as the presence process answers. Asked before it returns.
pub fn vouch(hall: &HallRef, token: SecretHash) -> impl Future<Output = Option<Identity>> + use<> {
    let asked = hall.presence.call(move |reply| Vouch { token, reply });
    async move { asked.await.ok().flatten() }
}
