//! Everything in tidy that people may want to change: who may import whom, which name has which home, limits,
//! licences and exceptions. An exception carries its reason; one that is no longer needed is itself a finding.

/// The dependency rule of docs/ARCHITECTURE.md. What is not drawn is forbidden, and so is a package that has no row.
#[rustfmt::skip]
pub const DRAWN: &[(&str, &[&str])] = &[
    // guildhall-client is here for `guildhall probe` and the demo world: docs/decisions/0002-probe-uses-the-client-crate.md
    ("guildhall", &["guildhall-web", "guildhall-store", "guildhall-protocol", "guildhall-rules", "guildhall-process",
                    "guildhall-client"]),
    ("guildhall-load", &["guildhall-client", "guildhall-protocol"]),
    ("guildhall-client", &["guildhall-protocol"]),
    ("guildhall-web", &["guildhall-protocol"]),
    ("guildhall-protocol", &["guildhall-rules"]),
    ("guildhall-store", &["guildhall-rules"]),
    ("guildhall-fuzz", &["guildhall-protocol", "guildhall-rules"]),
    ("guildhall-process", &[]),
    ("guildhall-rules", &[]),
    ("guildhall-testkit", &[]),
    ("xtask", &[]),
];

/// Every package may use this one, but only for its tests.
pub const DEV_ONLY: &str = "guildhall-testkit";

/// Libraries that only the named packages may depend on.
#[rustfmt::skip]
pub const OWNED: &[(&str, &[&str])] = &[
    ("diesel", &["guildhall-store"]),
    ("diesel_migrations", &["guildhall-store"]),
    ("r2d2", &["guildhall-store"]),
    ("actix", &["guildhall", "guildhall-process"]),
    ("actix-rt", &["guildhall-process"]),
    ("actix-web", &["guildhall"]),
    ("actix-http", &["guildhall"]),
    ("actix-files", &["guildhall"]),
    ("actix-web-actors", &["guildhall"]),
    ("env_logger", &["guildhall", "guildhall-load"]),
    ("tokio", &["guildhall", "guildhall-process", "guildhall-client", "guildhall-load", "guildhall-testkit"]),
    ("getrandom", &["guildhall", "guildhall-client", "guildhall-load"]),
    // Tests read the database with it from outside; the server goes through the store.
    ("rusqlite", &["guildhall-testkit"]),
];

/// A name that may stand only in certain files.
pub struct Home {
    pub name: &'static str,
    /// Where the rule holds: the beginning of a path, "" for everywhere.
    pub within: &'static str,
    /// Beginnings of the paths that may name it; one with a leading `*` is the end of a path instead.
    pub homes: &'static [&'static str],
    /// Whether tests and benches may name it too.
    pub free_in_tests: bool,
    pub reason: &'static str,
}

const STORE: &[&str] = &["crates/guildhall-store/"];

#[rustfmt::skip]
pub const HOMES: &[Home] = &[
    Home { name: "diesel", within: "", homes: STORE, free_in_tests: false, reason: "SQL lives in the store" },
    Home { name: "diesel_migrations", within: "", homes: STORE, free_in_tests: false, reason: "SQL lives in the store" },
    Home { name: "r2d2", within: "", homes: STORE, free_in_tests: false, reason: "connections live in the store" },
    Home { name: "actix_web_actors", within: "", homes: &["src/socket.rs", "benches/"], free_in_tests: false,
           reason: "deprecated upstream, so it must be replaceable in one file" },
    Home { name: "env_logger", within: "", homes: &["*main.rs"], free_in_tests: false,
           reason: "a library logs through `log` and leaves the output to the program" },
    Home { name: "actix", within: "",
           homes: &["crates/guildhall-process/", "src/socket.rs", "src/socket/", "src/server.rs", "src/server/",
                    "src/endpoint.rs", "src/endpoint/",
                    "src/routes.rs", "src/routes/", "src/auth.rs", "src/auth/", "src/admin.rs", "src/admin/"],
           free_in_tests: true, reason: "processes hide actix; only what speaks HTTP needs it" },
    // The write path only: other processes hand over a `Change` or a `Save` and may run the store's read queries.
    Home { name: "write_behind", within: "src/",
           homes: &["src/persistence.rs", "src/persistence/", "src/store.rs", "src/store/"], free_in_tests: true,
           reason: "processes meet the write-behind engine in the persistence process and its writer only" },
    Home { name: "Buffer", within: "src/", homes: &["src/persistence.rs", "src/persistence/"], free_in_tests: true,
           reason: "there is one buffer of unsaved writes, and the persistence process owns it" },
    Home { name: "Writer", within: "src/", homes: &["src/store.rs", "src/store/"], free_in_tests: true,
           reason: "there is one writing connection, and the store process owns it" },
    Home { name: "ChildSpec", within: "src/", homes: &["src/tree.rs"], free_in_tests: true,
           reason: "the tree holds every child spec in start order" },
];

/// Where decisions are pure, and what may not be named there (tests apart).
pub const PURE: &str = "crates/guildhall-rules/src/";
#[rustfmt::skip]
pub const IMPURE: &[&str] = &["std::fs", "std::net", "std::process", "std::thread", "std::env", "Instant", "SystemTime"];

/// Sources of the crates that are made for others: every public item there has an example.
pub const DOCUMENTED: &[&str] = &["crates/guildhall-process/src/"];

/// The page that tells what a crate guarantees, the crate, and the heading of what it does not.
pub const GUARANTEES: &str = "docs/RUNTIME-SEMANTICS.md";
pub const GUARANTEED_CRATE: &str = "crates/guildhall-process/";
pub const NOT_GUARANTEED: &str = "What cannot hold";

pub const OPENING_LINES_MAX: usize = 8;
pub const FILE_LINES_MAX: usize = 600;

/// What is to be read in an evening by people who know nothing else of the project has shorter files: the beginning
/// of the path, and the limit.
pub const SHORT: &[(&str, usize)] = &[("crates/guildhall-process/", 400)];

pub const FUNCTION_LINES_MAX: usize = 70;

/// Something that a rule forbids and that is right all the same.
#[derive(Clone, Copy)]
pub struct Exception {
    pub path: &'static str,
    /// The function, or "" for the whole file.
    pub function: &'static str,
    pub reason: &'static str,
}

/// Files and functions that may be longer than the limits.
pub const LONG: &[Exception] = &[];

/// Test files and helpers that may sleep: they wait for a timer of the product or poll with a deadline.
pub const SLEEPS: &[Exception] = &[
    Exception {
        path: "crates/guildhall-testkit/src/eventually.rs",
        function: "",
        reason: "the one polling helper, with a deadline",
    },
    Exception {
        path: "crates/guildhall-testkit/src/child.rs",
        function: "wait_exit",
        reason: "polls a child process up to a deadline: the standard library has no wait with one",
    },
    Exception {
        path: "crates/guildhall-testkit/src/proxy.rs",
        function: "pump",
        reason: "being late is what it is told to do",
    },
];

/// SPDX names; a package must be usable under these alone.
pub const LICENCES: &[&str] = &[
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "PostgreSQL",
    "Unicode-3.0",
    "Zlib",
];

/// The one registry that packages may come from, as Cargo.lock writes it.
pub const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
