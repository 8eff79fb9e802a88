//! `guildhall probe` against a served world: status 0 when every step holds, 1 when one does not.

use std::path::Path;

use guildhall_testkit::{free_port, small_map};

use super::{Folder, Running, outcome};

/// The probe of this server; its status and all that it printed.
fn probe(folder: &Folder, running: &Running, map: Option<&Path>) -> (Option<i32>, String) {
    let mut command = folder.program();
    command.args([
        "probe",
        "--url",
        &running.url,
        "--admin",
        &running.admin_url,
    ]);
    command.arg("--token-file").arg(&running.token_file);
    if let Some(map) = map {
        command.arg("--map").arg(map);
    }
    outcome(command)
}

#[tokio::test]
async fn the_probe_of_a_served_world_holds_with_and_without_a_map_and_again() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    let made = folder.path().join("made.dd2vtt");
    std::fs::write(&made, small_map()).unwrap();
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/maps/cave.dd2vtt");
    let real = real.exists().then_some(real);
    if real.is_none() {
        println!("the real map is not here: probed with a made one");
    }
    for map in [None, Some(made.as_path()), real.as_deref()] {
        let (status, said) = probe(&folder, &running, map);
        println!("{said}");
        assert_eq!(status, Some(0), "{said}");
    }
    // Nothing of the probes is left connected.
    let status = running.admin().supervisor().await.unwrap();
    assert_eq!(status["sessions"]["here"], 0);
    assert_eq!(status["sockets"].as_array().unwrap().len(), 0);
    running.stop("-TERM");
}

#[tokio::test]
async fn the_probe_fails_at_the_first_step_that_does_not_hold() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    let bad = folder.path().join("bad.dd2vtt");
    std::fs::write(&bad, b"no map").unwrap();
    let (status, said) = probe(&folder, &running, Some(&bad));
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("map_invalid"), "{said}");

    std::fs::write(&running.token_file, "another token").unwrap();
    let (status, said) = probe(&folder, &running, None);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("unauthenticated"), "{said}");

    let nowhere = Running {
        url: format!("http://127.0.0.1:{}", free_port()),
        ..running
    };
    let (status, said) = probe(&folder, &nowhere, None);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("out of reach"), "{said}");
}
