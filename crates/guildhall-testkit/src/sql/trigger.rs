//! Triggers that make the database refuse a row for reasons that the server cannot foresee.

use super::{Inner, Sql};

/// What a trigger does.
#[derive(Clone, Copy, Debug)]
pub enum Then<'a> {
    /// Refuses the row. In SQLite by one of its three ways: `ABORT`, `FAIL`, `ROLLBACK`; PostgreSQL has one, and
    /// calls it a check that was violated.
    Raise(&'a str),
    /// Refuses the row for a reason that nobody can classify, every time.
    Unclear,
    /// Refuses the row in the words of a disk without room: no small disk here.
    DiskFull,
    /// Passes over the row without a word; only before it is written.
    Ignore,
    /// Runs a statement, which may be refused.
    Do(&'a str),
}

impl Sql {
    /// Makes a trigger: `when` is for instance `BEFORE UPDATE ON characters`, `condition` is over `NEW`, or empty.
    pub fn trigger(&self, name: &str, when: &str, condition: &str, then: Then<'_>) {
        let condition = match condition {
            "" => String::new(),
            condition => format!("WHEN ({condition})"),
        };
        match self.0 {
            Inner::Sqlite(_) => {
                let body = match then {
                    Then::Raise(how) => format!("SELECT RAISE({how}, 'poison')"),
                    Then::Unclear => "SELECT RAISE(ABORT, 'unknown error')".to_owned(),
                    Then::DiskFull => "SELECT RAISE(ABORT, 'database or disk is full')".to_owned(),
                    Then::Ignore => "SELECT RAISE(IGNORE)".to_owned(),
                    Then::Do(statement) => statement.to_owned(),
                };
                self.run(&format!(
                    "CREATE TRIGGER {name} {when} {condition} BEGIN {body}; END"
                ));
            }
            Inner::Postgres(_) => {
                let body = match then {
                    Then::Raise(_) => "RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation'",
                    Then::Unclear => "RAISE EXCEPTION 'the harbour is closed'",
                    Then::DiskFull => {
                        "RAISE EXCEPTION 'could not extend file: No space left on device'
                             USING ERRCODE = 'disk_full'"
                    }
                    Then::Ignore => "RETURN NULL",
                    Then::Do(statement) => statement,
                };
                self.run(&format!(
                    "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
                         $$ BEGIN {body}; RETURN NEW; END $$;
                     CREATE TRIGGER {name} {when} FOR EACH ROW {condition} EXECUTE FUNCTION {name}()"
                ));
            }
        }
    }

    /// Takes a trigger away again.
    pub fn drop_trigger(&self, name: &str) {
        match self.0 {
            Inner::Sqlite(_) => self.run(&format!("DROP TRIGGER {name}")),
            Inner::Postgres(_) => self.run(&format!("DROP FUNCTION {name} CASCADE")),
        }
    }

    /// The text in a column of bytes, as this database writes it.
    pub fn text_of(&self, column: &str) -> String {
        match self.0 {
            Inner::Sqlite(_) => format!("CAST({column} AS TEXT)"),
            Inner::Postgres(_) => format!("convert_from({column}, 'UTF8')"),
        }
    }
}
