//! Rules inside the database that say no, in the words of each.

use guildhall_store::Cause;
use guildhall_testkit::Backend;

use super::World;

/// How a rule says no.
#[derive(Clone, Copy, Debug)]
pub enum No {
    /// So that it is known to be the write's own fault.
    Plainly,
    /// For a reason that nobody can classify, every time.
    Unclearly,
    /// In the words of a disk without room: no small disk here.
    DiskFull,
}

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

    /// From now on the database refuses such rows: `event` is `INSERT` or `UPDATE`, `condition`
    /// speaks of `NEW`.
    pub fn refuse(&self, event: &str, table: &'static str, condition: &str, no: No) {
        let number = self.rules.borrow().len();
        self.rules.borrow_mut().push(table);
        self.meddle(&match self.backend() {
            Backend::Sqlite => {
                let words = match no {
                    No::Plainly => "poison",
                    No::Unclearly => "unknown error",
                    No::DiskFull => "database or disk is full",
                };
                format!(
                    "CREATE TRIGGER rule_{number} BEFORE {event} ON {table} WHEN {condition} \
                     BEGIN SELECT RAISE(ABORT, '{words}'); END"
                )
            }
            Backend::Postgres => {
                let raise = match no {
                    No::Plainly => "'poison' USING ERRCODE = 'check_violation'",
                    No::Unclearly => "'the harbour is closed'",
                    No::DiskFull => {
                        "'could not extend file: No space left on device' USING ERRCODE = 'disk_full'"
                    }
                };
                format!(
                    "CREATE FUNCTION rule_{number}() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN RAISE EXCEPTION {raise}; END $$; \
                     CREATE TRIGGER rule_{number} BEFORE {event} ON {table} FOR EACH ROW \
                     WHEN ({condition}) EXECUTE FUNCTION rule_{number}()"
                )
            }
        });
    }

    /// Ends the rule that was made last.
    pub fn allow_again(&self) {
        let table = self.rules.borrow_mut().pop().unwrap();
        let number = self.rules.borrow().len();
        self.meddle(&match self.backend() {
            Backend::Sqlite => format!("DROP TRIGGER rule_{number}"),
            Backend::Postgres => {
                format!("DROP TRIGGER rule_{number} ON {table}; DROP FUNCTION rule_{number}()")
            }
        });
    }

    /// From now on the transaction of a save with this state fails at its commit, and no statement of
    /// it does.
    pub fn refuse_at_commit(&self, state: &str) {
        let condition = self.state_is(state);
        self.meddle(
            "CREATE TABLE harbours (id INTEGER PRIMARY KEY);
             CREATE TABLE moorings (harbour INTEGER REFERENCES harbours (id) DEFERRABLE INITIALLY DEFERRED)",
        );
        self.meddle(&match self.backend() {
            Backend::Sqlite => format!(
                "CREATE TRIGGER late AFTER UPDATE ON characters WHEN {condition}
                 BEGIN INSERT INTO moorings VALUES (1); END"
            ),
            Backend::Postgres => format!(
                "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO moorings VALUES (1); RETURN NEW; END $$;
                 CREATE TRIGGER late AFTER UPDATE ON characters FOR EACH ROW WHEN ({condition})
                 EXECUTE FUNCTION late()"
            ),
        });
    }
}
