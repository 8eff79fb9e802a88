//! The disk of the journal is full, or fails, before a database that is well.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use guildhall_testkit::SmallDisk;

use super::*;

const DISK_BYTES: usize = 3 << 20;

/// A disk with a file that takes all the room there is.
struct Filled {
    disk: SmallDisk,
    filler: PathBuf,
}

impl Filled {
    fn empty() -> Self {
        let disk = SmallDisk::with_bytes(DISK_BYTES);
        let filler = disk.path().join("filler");
        Self { disk, filler }
    }

    fn fill(&self) {
        let mut filler = File::create(&self.filler).unwrap();
        while filler.write_all(&[7; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        std::fs::remove_file(&self.filler).unwrap();
    }
}

/// Somebody who saves without a pause.
struct Saver {
    client: Client,
    hero: Uuid,
    version: u32,
}

impl Saver {
    /// Every save is promised within the answer's time, on a full disk too.
    async fn save(&mut self) -> Receipt {
        let begun = Instant::now();
        let state = json!({"n": self.version, "long": "x".repeat(30_000)});
        let saved = self
            .client
            .save_character(self.hero, self.version, state)
            .await
            .unwrap();
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(4), "{took:?}");
        self.version = saved.version;
        assert_ne!(saved.receipt, Receipt::Queued);
        saved.receipt
    }

    async fn save_until(&mut self, wanted: Receipt) {
        let begun = Instant::now();
        while self.save().await != wanted {
            let took = begun.elapsed();
            assert!(took < CATCH_UP_MAX, "no {wanted:?} after {took:?}");
        }
    }
}

#[tokio::test]
async fn a_full_disk_makes_promises_late_and_stops_no_save_and_is_over_when_there_is_room() {
    let (_postgres, world) = world();
    let filled = Filled::empty();
    let mut first = Arc::new(ChildServer::spawn(serve(&world, filled.disk.path())));
    let (client, hero) = hero(&url_of(&first).await).await;
    let mut saver = Saver {
        client,
        hero,
        version: 1,
    };
    for _ in 0..2 {
        saver.save_until(Receipt::Safe).await;
        filled.fill();
        saver.save_until(Receipt::Durable).await;
        for _ in 0..20 {
            saver.save().await;
        }
        filled.make_room();
        saver.save_until(Receipt::Safe).await;
    }
    // Killed while the disk is full: what was promised is there, and given to the database once.
    filled.fill();
    saver.save_until(Receipt::Durable).await;
    saver.save().await;
    Arc::get_mut(&mut first).unwrap().kill9();
    filled.make_room();
    let second = Arc::new(ChildServer::spawn(serve(&world, filled.disk.path())));
    url_of(&second).await;
    let version = format!("SELECT version FROM characters WHERE id = '{hero}'");
    assert_eq!(world.sql().number(&version), i64::from(saver.version));
    let refused = "SELECT version, cause, detail FROM refused_writes";
    assert_eq!(world.sql().rows(refused), [[]; 0]);
}

/// A file may not grow past a limit: to the journal that is a disk that fails, as a failed sync is.
#[tokio::test]
async fn a_journal_that_cannot_be_written_ends_the_server_and_what_was_safe_is_kept() {
    let (_postgres, world) = world();
    let folder = tempfile::tempdir().unwrap();
    let limited = "trap '' XFSZ; ulimit -f 1000; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    let program = serve(&world, folder.path());
    command.args(["-c", limited]).arg(program.get_program());
    command.args(program.get_args());
    let mut first = Arc::new(ChildServer::spawn(command));
    let (client, hero) = hero(&url_of(&first).await).await;
    let mut promised = 1;
    loop {
        let state = json!({"long": "x".repeat(30_000)});
        match client.save_character(hero, promised, state).await {
            Ok(saved) if saved.receipt == Receipt::Queued => {}
            Ok(saved) => promised = saved.version,
            Err(_) => break,
        }
    }
    assert!(promised > 5, "{promised}");
    let first = Arc::get_mut(&mut first).unwrap();
    let (status, said) = first.wait_end(PATIENCE);
    assert_eq!(status.code(), Some(4), "{said}");
    let words = ["the journal took nothing", "guildhall gave up: the journal"];
    for words in words {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains("look at the disk"), "{said}");

    let second = Arc::new(ChildServer::spawn(serve(&world, folder.path())));
    url_of(&second).await;
    let version = format!("SELECT version FROM characters WHERE id = '{hero}'");
    let kept = world.sql().number(&version);
    assert!(kept >= i64::from(promised), "{kept} of {promised}");
}
