//! The name authority in a whole server, on both databases: claims that race, names that cool, orders of
//! operators, and the comparison of index and database.

mod compared;
mod races;
mod verbs;

use guildhall::hall::HallRef;
use guildhall::names::{Compared, Figures, NameFigures, Reconcile};
use guildhall_rules::names::{NameKey, name_key};
use guildhall_store::{Database, OpenOptions, Target};
use guildhall_testkit::Sql;
use guildhall_testkit::postgres;

use crate::harness::Server;

/// A database of one's own, removed with its handle.
enum Place {
    File(tempfile::TempDir),
    Postgres(postgres::Database),
}

impl Place {
    fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    fn postgres() -> Self {
        Self::Postgres(postgres::create_database())
    }

    fn url(&self) -> String {
        match self {
            Self::File(dir) => format!("sqlite://{}/names.sqlite3", dir.path().display()),
            Self::Postgres(database) => database.url(),
        }
    }

    /// Makes the tables.
    fn migrate(&self) {
        let target = Target::parse(&self.url()).unwrap();
        let database = Database::open(target, &OpenOptions::default()).unwrap();
        database.migrate().unwrap();
    }

    fn sql(&self) -> Sql {
        Sql::open(&self.url())
    }

    /// One on which an account may have as many names as a test wants.
    fn server(&self) -> Server {
        let url = self.url();
        Server::start_with(|config| {
            config.database = Some(url);
            config.limits.names_cooling_max = 1_000_000;
            config.limits.characters_per_account_max = 1_000_000;
            config.limits.guilds_founded_max = 1_000_000;
        })
    }

    /// One whose index is compared with the database when a test asks for it, and not by itself.
    fn server_that_is_asked_to_compare(&self) -> Server {
        let url = self.url();
        Server::start_with(|config| {
            config.database = Some(url);
            config.limits.names_compare_interval_ms = 24 * 60 * 60 * 1000;
        })
    }

    fn server_that_cools(&self, name_cooling_ms: u64) -> Server {
        let url = self.url();
        Server::start_with(|config| {
            config.database = Some(url);
            config.limits.name_cooling_ms = name_cooling_ms;
            config.limits.names_cooling_max = 1_000_000;
        })
    }
}

fn key(name: &str) -> NameKey {
    name_key(name).unwrap()
}

async fn compare(hall: &HallRef) -> Compared {
    let compared = hall.names.call(|reply| Reconcile { reply });
    compared.await.unwrap()
}

async fn figures(hall: &HallRef) -> NameFigures {
    hall.names.call(|reply| Figures { reply }).await.unwrap()
}

/// Index and database of this server are the same, and nothing is under way.
pub async fn compared_equal(server: &Server) {
    assert_equal(server, &server.sql()).await;
}

/// Index and database are the same, and nothing is under way.
async fn assert_equal(server: &Server, sql: &Sql) {
    let compared = compare(&server.hall).await;
    assert_eq!(
        (compared.index_minus_database, compared.database_minus_index),
        (0, 0)
    );
    let figures = figures(&server.hall).await;
    let rows = sql.number("SELECT count(*) FROM names");
    assert_eq!((figures.taken as i64, figures.pending), (rows, 0));
}
