//! Timers of a process: an agenda in the order of the due times, of which the process waits for the
//! first (see `driver.rs`), so that a million pending timers cost a turn no more than one. They end
//! with the process. What is set for another process lies in that process's agenda.

mod driver;
mod remote;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use crate::ctx::Ctx;
use crate::panics::drop_quietly;
use crate::process::{Handle, Process};
use crate::sync::NumberHash;

use driver::Driver;
pub use remote::Timer;

/// What tokio takes for "never", too; due times beyond it would overflow.
const AFTER_MAX: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// tokio's timers know milliseconds.
const PERIOD_MIN: Duration = Duration::from_millis(1);

/// A timer of the process itself, set with [`Ctx::send_after`] or [`Ctx::send_interval`]. It means
/// nothing to another process.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room {
/// #     const KIND: &'static str = "room";
/// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
/// # let hour = std::time::Duration::from_secs(3600);
/// let timer: TimerRef = ctx.send_after(hour, "time is up");
/// assert!(ctx.read_timer(timer).is_some_and(|left| left <= hour));
/// #         Init::Ready
/// #     }
/// # }
/// # impl Handle<&'static str> for Room {
/// #     fn handle(&mut self, _text: &'static str, _ctx: &mut Ctx<Self>) {}
/// # }
/// # actix_rt::System::new().block_on(async {
/// #     start(Spawn::new(), || Room).await.unwrap();
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerRef(u64);

impl TimerRef {
    /// One of its own among all processes, so that a stranger's cancels nothing.
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

type Once<P> = Box<dyn FnOnce(&mut P, &mut Ctx<P>)>;
type Often<P> = Box<dyn FnMut(&mut P, &mut Ctx<P>)>;

/// What a timer does when it is due. The message inside is a user's value.
enum Alarm<P: Process> {
    Once(Option<Once<P>>),
    Every(Duration, Option<Often<P>>),
}

impl<P: Process> Drop for Alarm<P> {
    // All timers of a process are dropped at once when it ends: two panics there would abort.
    fn drop(&mut self) {
        match self {
            Self::Once(ring) => drop_quietly(ring.take()),
            Self::Every(_, ring) => drop_quietly(ring.take()),
        }
    }
}

/// The timers of one process.
pub(crate) struct Agenda<P: Process> {
    alarms: BTreeMap<(Instant, TimerRef), Alarm<P>>,
    /// When each timer is due; a periodic one is here also while its message is handled.
    due: HashMap<TimerRef, Instant, NumberHash>,
    /// What the driver waits for, and how it hears of something earlier; `None` without a driver.
    armed: Option<(Instant, Option<Waker>)>,
}

impl<P: Process> Default for Agenda<P> {
    fn default() -> Self {
        Self {
            alarms: BTreeMap::new(),
            due: HashMap::default(),
            armed: None,
        }
    }
}

impl<P: Process> Agenda<P> {
    fn add(&mut self, timer: TimerRef, due: Instant, alarm: Alarm<P>) {
        self.due.insert(timer, due);
        self.alarms.insert((due, timer), alarm);
        if let Some((armed, waker)) = &self.armed
            && due < *armed
            && let Some(waker) = waker
        {
            waker.wake_by_ref();
        }
    }

    /// Its due time, if it is still to come.
    fn remove(&mut self, timer: TimerRef) -> Option<Instant> {
        let due = self.due.remove(&timer)?;
        self.alarms.remove(&(due, timer));
        Some(due)
    }

    fn first_due(&self) -> Option<Instant> {
        self.alarms.keys().next().map(|(due, _)| *due)
    }

    /// Takes the first timer out if it is due; a periodic one is entered for its next time.
    fn take_due(&mut self, now: Instant) -> Option<(TimerRef, Alarm<P>)> {
        let first = self.alarms.first_entry()?;
        let (due, timer) = *first.key();
        if due > now {
            return None;
        }
        let alarm = first.remove();
        match &alarm {
            Alarm::Once(_) => drop(self.due.remove(&timer)),
            Alarm::Every(period, _) => drop(self.due.insert(timer, following(due, *period, now))),
        }
        Some((timer, alarm))
    }

    /// Puts a periodic timer back, unless its message has cancelled it.
    fn put_back(&mut self, timer: TimerRef, alarm: Alarm<P>) {
        if let Some(due) = self.due.get(&timer) {
            self.alarms.insert((*due, timer), alarm);
        }
    }
}

/// The first time after `now` of those that lie whole periods after `due`.
fn following(due: Instant, period: Duration, now: Instant) -> Instant {
    let late = now.saturating_duration_since(due).as_nanos();
    let past_the_beat = late % period.as_nanos().max(1);
    let past_the_beat = Duration::from_nanos(u64::try_from(past_the_beat).unwrap_or(0));
    now + period.saturating_sub(past_the_beat)
}

fn due_after(after: Duration) -> Instant {
    Instant::now() + after.min(AFTER_MAX)
}

impl<P: Process> Ctx<P> {
    /// Handles `msg` after a delay, to the millisecond. Ends with the process; is exempt from the
    /// mailbox bound. Timers come in the order of their due times, those of one due time in the
    /// order in which they were set; between them and the results of [`Ctx::run`] there is no order.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use guildhall_process::{Ctx, Handle, Init, Process};
    /// struct Clock;
    /// struct Tick;
    ///
    /// impl Process for Clock {
    ///     const KIND: &'static str = "clock";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         let tick = ctx.send_after(Duration::from_secs(60), Tick);
    ///         assert!(ctx.read_timer(tick).is_some());
    ///         assert!(ctx.cancel_timer(tick).is_some());
    ///         assert!(ctx.cancel_timer(tick).is_none());
    ///         Init::Ready
    ///     }
    /// }
    ///
    /// impl Handle<Tick> for Clock {
    ///     fn handle(&mut self, _tick: Tick, _ctx: &mut Ctx<Self>) {}
    /// }
    /// # actix_rt::System::new().block_on(async {
    /// #     guildhall_process::start(Default::default(), || Clock).await.unwrap();
    /// # });
    /// ```
    pub fn send_after<M: Send + 'static>(&mut self, after: Duration, msg: M) -> TimerRef
    where
        P: Handle<M>,
    {
        let timer = TimerRef::next();
        let ring = move |process: &mut P, ctx: &mut Ctx<P>| {
            ctx.begin_result(std::any::type_name::<M>());
            process.handle(msg, ctx);
        };
        self.set_timer(timer, due_after(after), Alarm::Once(Some(Box::new(ring))));
        timer
    }

    /// Handles a copy of `msg` after every `period` (at least 1 ms), until it is cancelled. It does
    /// not drift: the due times are whole periods after the call. Of those that pass while the
    /// process is busy it hears one, and the next one keeps to the beat.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use guildhall_process::{Ctx, Handle, Init, Process};
    /// struct Clock(u32);
    ///
    /// #[derive(Clone)]
    /// struct Tick;
    ///
    /// impl Process for Clock {
    ///     const KIND: &'static str = "clock";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         ctx.send_interval(Duration::from_millis(2), Tick);
    ///         Init::Ready
    ///     }
    /// }
    ///
    /// impl Handle<Tick> for Clock {
    ///     fn handle(&mut self, _tick: Tick, ctx: &mut Ctx<Self>) {
    ///         self.0 += 1;
    ///         if self.0 == 3 {
    ///             ctx.exit(guildhall_process::ExitReason::Normal);
    ///         }
    ///     }
    /// }
    /// # actix_rt::System::new().block_on(async {
    /// #     let clock = guildhall_process::spawn(Default::default(), || Clock(0));
    /// #     guildhall_process::watch(clock.pid()).await;
    /// # });
    /// ```
    pub fn send_interval<M: Clone + Send + 'static>(&mut self, period: Duration, msg: M) -> TimerRef
    where
        P: Handle<M>,
    {
        let timer = TimerRef::next();
        let period = period.clamp(PERIOD_MIN, AFTER_MAX);
        let ring = move |process: &mut P, ctx: &mut Ctx<P>| {
            ctx.begin_result(std::any::type_name::<M>());
            process.handle(msg.clone(), ctx);
        };
        let alarm = Alarm::Every(period, Some(Box::new(ring)));
        self.set_timer(timer, due_after(period), alarm);
        timer
    }

    /// Takes a timer back; after this its message is not handled any more. The answer is the time
    /// that was left, `None` if it had fired or been cancelled (`erlang:cancel_timer`).
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// # let hour = std::time::Duration::from_secs(3600);
    /// let timer = ctx.send_after(hour, "time is up");
    /// assert!(ctx.cancel_timer(timer).is_some());
    /// assert_eq!(ctx.cancel_timer(timer), None);
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # impl Handle<&'static str> for Room {
    /// #     fn handle(&mut self, _text: &'static str, _ctx: &mut Ctx<Self>) {}
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn cancel_timer(&mut self, timer: TimerRef) -> Option<Duration> {
        let due = self.agenda.as_mut()?.remove(timer)?;
        self.count_timers();
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// The time that is left, `None` if the timer has fired or been cancelled
    /// (`erlang:read_timer`).
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// # let hour = std::time::Duration::from_secs(3600);
    /// let timer = ctx.send_after(hour, "time is up");
    /// assert!(ctx.read_timer(timer).is_some_and(|left| left <= hour));
    /// ctx.cancel_timer(timer);
    /// assert_eq!(ctx.read_timer(timer), None);
    /// #         Init::Ready
    /// #     }
    /// # }
    /// # impl Handle<&'static str> for Room {
    /// #     fn handle(&mut self, _text: &'static str, _ctx: &mut Ctx<Self>) {}
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// #     start(Spawn::new(), || Room).await.unwrap();
    /// # });
    /// ```
    pub fn read_timer(&self, timer: TimerRef) -> Option<Duration> {
        let due = self.agenda.as_ref()?.due.get(&timer)?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    fn set_timer(&mut self, timer: TimerRef, due: Instant, alarm: Alarm<P>) {
        let agenda = self.agenda.get_or_insert_default();
        agenda.add(timer, due, alarm);
        if agenda.armed.is_none() {
            agenda.armed = Some((due, None));
            self.start_task(Driver::until(due));
        }
        self.count_timers();
    }

    /// Shows the number of pending timers to the status page.
    fn count_timers(&self) {
        let pending = self.agenda.as_ref().map_or(0, |agenda| agenda.due.len());
        self.cell.timers.store(pending, Ordering::Relaxed);
    }
}
