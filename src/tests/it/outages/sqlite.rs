//! The disk is full.

use guildhall_testkit::SmallDisk;

use super::*;

const DISK_BYTES: usize = 4 * 1024 * 1024;

#[tokio::test]
async fn a_full_disk_is_ridden_out() {
    let disk = SmallDisk::with_bytes(DISK_BYTES);
    let server = Server::start_with(|config| {
        config.data = disk.path().to_path_buf();
        config.database = None;
    });
    let scene = Scene::on(server).await;
    let filler = disk.path().join("filler");
    let fill = async || {
        // As much as there is room for.
        let full = std::fs::write(&filler, vec![7; DISK_BYTES]);
        assert!(full.is_err());
    };
    scene
        .ride_out(fill, async || std::fs::remove_file(&filler).unwrap())
        .await;
}
