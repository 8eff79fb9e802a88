//! Each name, at home and elsewhere.

use super::*;

fn found(path: &str, text: &str) -> usize {
    let picture = Picture {
        files: vec![File::new(path, text)],
        ..Picture::default()
    };
    homes(&picture).len()
}

#[test]
fn diesel_stays_in_the_store_even_in_tests() {
    assert_eq!(
        found("crates/guildhall-store/src/schema.rs", "use diesel::table;"),
        0
    );
    assert_eq!(found("src/session.rs", "use diesel::table;"), 1);
    assert_eq!(found("src/tests/it/main.rs", "use diesel::table;"), 1);
}

#[test]
fn the_websocket_library_has_one_file_and_the_benches() {
    for (path, expected) in [
        ("src/socket.rs", 0),
        ("benches/main_path/echo.rs", 0),
        ("src/socket/guard.rs", 1),
        ("src/routes.rs", 1),
    ] {
        assert_eq!(found(path, "use actix_web_actors::ws;"), expected, "{path}");
    }
}

#[test]
fn the_log_output_is_chosen_in_main_files() {
    assert_eq!(
        found("crates/guildhall-load/src/main.rs", "env_logger::init();"),
        0
    );
    assert_eq!(found("src/cli.rs", "env_logger::init();"), 1);
}

#[test]
fn actix_is_hidden_from_processes_but_actix_web_is_another_name() {
    assert_eq!(found("src/session.rs", "impl actix::Actor for X {}"), 1);
    assert_eq!(found("src/session.rs", "use actix_web::rt;"), 0);
    assert_eq!(found("src/server/run.rs", "use actix::prelude::*;"), 0);
    assert_eq!(found("src/tests/it/main.rs", "use actix::prelude::*;"), 0);
}

#[test]
fn the_buffer_and_the_writer_have_one_process_each() {
    let buffer = "use guildhall_store::write_behind::Buffer;";
    let writer = "use guildhall_store::Writer;";
    assert_eq!(found("src/persistence.rs", buffer), 0);
    assert_eq!(found("src/persistence/flush.rs", buffer), 0);
    assert_eq!(found("src/persistence.rs", writer), 1);
    assert_eq!(found("src/store.rs", writer), 0);
    assert_eq!(found("src/store.rs", buffer), 1);
    assert_eq!(found("src/board_sync.rs", buffer), 2);
    assert_eq!(found("crates/guildhall-store/src/lib.rs", buffer), 0);
}

#[test]
fn comments_and_strings_name_nothing() {
    assert_eq!(found("src/session.rs", "// diesel\nlet x = \"diesel\";"), 0);
}

#[test]
fn pure_code_has_no_clock() {
    let picture = |path: &str| Picture {
        files: vec![File::new(path, "let now = std::time::Instant::now();")],
        ..Picture::default()
    };
    assert_eq!(
        pure(&picture("crates/guildhall-rules/src/clocks.rs")).len(),
        1
    );
    assert_eq!(
        pure(&picture("crates/guildhall-rules/src/clocks/tests.rs")).len(),
        0
    );
}
