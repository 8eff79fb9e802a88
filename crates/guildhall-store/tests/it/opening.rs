//! Opening a world, wherever it is, and refusing to in plain words.

use std::fs;

use guildhall_store::{Database, StoreError, Target};
use guildhall_testkit::{Backend, Sql, backend, postgres};

use crate::world::{World, open};

#[test]
fn a_world_of_a_newer_program_is_refused() {
    let world = World::new();
    world.meddle("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let error = open(&world.url()).err().unwrap();
    assert!(error.to_string().contains("99990101000000"), "{error}");
    assert!(matches!(error, StoreError::UnknownMigrations { .. }));
}

#[test]
fn a_world_that_lacks_a_migration_gets_no_writer_until_it_was_run() {
    let world = World::new();
    let newest = world.db.migrations().unwrap().applied.pop().unwrap();
    world.meddle(&format!(
        "DELETE FROM __diesel_schema_migrations WHERE version = '{newest}'"
    ));
    let db = open(&world.url()).unwrap();
    assert_eq!(
        db.pending_migrations().unwrap(),
        std::slice::from_ref(&newest)
    );
    assert_eq!(db.migration_plan().unwrap()[0].0, newest);
    let error = db.writer().err().unwrap();
    assert!(
        matches!(error, StoreError::PendingMigrations { .. }),
        "{error}"
    );
}

#[test]
fn a_world_is_opened_to_be_read_alone() {
    let world = World::new();
    let target = Target::parse(&world.url()).unwrap();
    let db = Database::open_to_read(target).unwrap();
    assert_eq!(db.migrations().unwrap(), world.db.migrations().unwrap());
    assert!(!db.migrations().unwrap().is_new());
}

#[test]
fn asking_for_the_migrations_of_an_empty_database_leaves_it_empty() {
    let database = postgres::create_database();
    let db = open(&database.url()).unwrap();
    assert!(db.migrations().unwrap().is_new());
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(Sql::open(&database.url()).number(tables), 0);
}

#[test]
fn readers_cannot_write() {
    let world = World::new();
    let written = world.db.read(|conn| {
        use diesel::RunQueryDsl;
        let insert = "INSERT INTO realms VALUES ('a', 'b')";
        Ok(diesel::sql_query(insert).execute(conn)?)
    });
    assert!(written.is_err());
    assert_eq!(world.count("realms"), 1);
}

#[test]
fn migrations_go_down_as_they_came_up() {
    let (sql, folder, tables, _database) = match backend() {
        Backend::Sqlite => {
            let sql = Sql::open("sqlite://:memory:");
            (sql, "sqlite", "sqlite_master", None)
        }
        Backend::Postgres => {
            let database = postgres::create_database();
            let tables = "pg_class WHERE relnamespace = 'public'::regnamespace";
            (
                Sql::open(&database.url()),
                "postgres",
                tables,
                Some(database),
            )
        }
    };
    let entries = fs::read_dir(format!("../../migrations/{folder}")).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let ups = folders.iter().map(|folder| folder.join("up.sql"));
    let downs = folders.iter().rev().map(|folder| folder.join("down.sql"));
    for step in ups.chain(downs) {
        sql.run(&fs::read_to_string(step).unwrap());
    }
    assert_eq!(sql.number(&format!("SELECT count(*) FROM {tables}")), 0);
}

#[test]
fn both_folders_of_migrations_have_the_same_names() {
    let names = |backend: &str| {
        let entries = fs::read_dir(format!("../../migrations/{backend}")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
