//! A session of `psql` that is kept open and asked one thing after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};

use super::Cell;
use crate::postgres::psql_command;

/// Stand between columns, between rows, for NULL, and behind every answer; no text of a test has them in it.
const COLUMN: char = '\u{1f}';
const ROW: char = '\u{1e}';
const NULL: &str = "\u{1d}";
const END: u8 = 0x1c;

#[derive(Debug)]
pub struct Session {
    program: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    complaints: ChildStderr,
}

impl Session {
    pub fn open(url: &str) -> Self {
        let mut psql = psql_command(url);
        psql.arg(format!("--field-separator={COLUMN}"));
        psql.arg(format!("--record-separator={ROW}"));
        psql.arg(format!("--pset=null={NULL}"));
        psql.stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut program = psql.spawn().expect("the program psql");
        let mut session = Self {
            orders: program.stdin.take().expect("a piped stdin"),
            answers: BufReader::new(program.stdout.take().expect("a piped stdout")),
            complaints: program.stderr.take().expect("a piped stderr"),
            program,
        };
        session.ask("SET lock_timeout = '20s'; SET client_min_messages = warning");
        session
    }

    /// Runs statements; what they give.
    pub fn ask(&mut self, sql: &str) -> String {
        let order = format!("{sql}\n;\n\\echo '{}'\n", char::from(END));
        let sent = self.orders.write_all(order.as_bytes());
        let mut answer = Vec::new();
        let read = sent.and_then(|()| self.answers.read_until(END, &mut answer));
        // It ends at the first statement that is refused.
        if read.is_err() || answer.pop() != Some(END) {
            let mut words = String::new();
            let _ = self.complaints.read_to_string(&mut words);
            panic!("{sql}: {words}");
        }
        let mut line_end = [0];
        self.answers
            .read_exact(&mut line_end)
            .expect("the end of the line");
        String::from_utf8(answer).expect("an answer in UTF-8")
    }

    /// The rows of one query.
    pub fn rows(&mut self, sql: &str) -> Vec<Vec<Cell>> {
        let answer = self.ask(sql);
        // A row ends its line even when it is empty.
        let Some(answer) = answer.strip_suffix('\n') else {
            return Vec::new();
        };
        let rows = answer
            .split(ROW)
            .map(|row| row.split(COLUMN).map(cell).collect());
        rows.collect()
    }
}

fn cell(text: &str) -> Cell {
    match text.strip_prefix("\\x") {
        _ if text == NULL => Cell::null(),
        Some(digits) => Cell::text(digits.to_owned()),
        None => Cell::text(text.to_owned()),
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
