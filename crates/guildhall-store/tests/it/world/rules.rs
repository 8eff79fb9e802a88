//! Rules inside the database that say no, in the words of each.

use guildhall_store::Cause;
use guildhall_testkit::{Backend, Then};

use super::World;

impl World {
    /// The cause of what a rule refuses plainly.
    pub fn plain(&self) -> Cause {
        match self.backend() {
            Backend::Sqlite => Cause::Trigger,
            Backend::Postgres => Cause::Check,
        }
    }

    /// A text as a literal of bytes.
    pub fn bytes(&self, text: &str) -> String {
        let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        match self.backend() {
            Backend::Sqlite => format!("x'{digits}'"),
            Backend::Postgres => format!("'\\x{digits}'::bytea"),
        }
    }

    /// The condition of a rule: the new state is this text.
    pub fn state_is(&self, text: &str) -> String {
        format!("NEW.state = {}", self.bytes(text))
    }

    /// From now on the database refuses such rows, or does what `then` says: `event` is `INSERT` or `UPDATE`,
    /// `condition` speaks of `NEW`.
    pub fn refuse(&self, event: &str, table: &str, condition: &str, then: Then<'_>) {
        let number = self.rules.get();
        self.rules.set(number + 1);
        let when = format!("BEFORE {event} ON {table}");
        let name = format!("rule_{number}");
        self.outside().trigger(&name, &when, condition, then);
    }

    /// Ends the rule that was made last.
    pub fn allow_again(&self) {
        let number = self.rules.get() - 1;
        self.rules.set(number);
        self.outside().drop_trigger(&format!("rule_{number}"));
    }

    /// From now on the transaction of a save with this state fails at its commit, and no statement of
    /// it does.
    pub fn refuse_at_commit(&self, state: &str) {
        let condition = self.state_is(state);
        self.meddle(
            "CREATE TABLE harbours (id INTEGER PRIMARY KEY);
             CREATE TABLE moorings (harbour INTEGER REFERENCES harbours (id) DEFERRABLE INITIALLY DEFERRED)",
        );
        let late = Then::Do("INSERT INTO moorings VALUES (1)");
        let when = "AFTER UPDATE ON characters";
        self.outside().trigger("late", when, &condition, late);
    }
}
