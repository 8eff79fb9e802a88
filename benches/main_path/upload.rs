//! A board of 64 MiB from a client over a real socket until the answer says that it is durable, against
//! what nobody can leave out: BLAKE3, write, fsync, rename and fsync of the directory.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use guildhall_client::Client;
use uuid::Uuid;

use super::report;
use crate::harness::Server;

pub const NAME: &str = "upload_64mib";
const AIM: f64 = 0.5;
const MIB: usize = 64;
const ROUNDS: usize = 15;
/// The bare side at its best: all at once takes this kernel's page cache six times as long.
const PIECE_BYTES: usize = 64 * 1024;

pub fn measure() {
    let runtime = crate::runtime();
    let server = Server::start();
    let table = runtime.block_on(server.table("opaque"));
    let gm = table.gm.client.clone();
    runtime.block_on(gm.open_board(table.board)).unwrap();
    let bare_dir = server.data.path().join("bare");
    fs::create_dir(&bare_dir).unwrap();
    // Never the same bytes twice: a content that is there already need not be written.
    let mut contents = Contents::default();
    let mut other_contents = Contents::default();
    let mut head = None;
    let (ours, bare) = report::in_turns(
        ROUNDS,
        || {
            let content = contents.next();
            runtime.block_on(upload(&gm, table.board, &mut head, content))
        },
        || write_durably(&bare_dir, other_contents.next()),
    );
    let mib = f64::from(u32::try_from(MIB).unwrap());
    report::side(NAME, "through the server", &ours, mib, "MiB");
    report::side(NAME, "hash, write and fsync alone", &bare, mib, "MiB");
    report::ratio(NAME, &ours, &bare, AIM);
}

async fn upload(gm: &Client, board: Uuid, head: &mut Option<u32>, content: &[u8]) -> Duration {
    let started = Instant::now();
    let uploaded = gm.upload_board(board, *head, "opaque", content).await;
    let took = started.elapsed();
    let (new_head, _) = uploaded.unwrap();
    assert_eq!(new_head.hash, blake3::hash(content).to_hex().as_str());
    *head = Some(new_head.revision);
    took
}

fn write_durably(dir: &Path, content: &[u8]) -> Duration {
    let started = Instant::now();
    let partial = dir.join("partial");
    let hash = blake3::hash(content);
    let mut file = File::create(&partial).unwrap();
    for piece in content.chunks(PIECE_BYTES) {
        file.write_all(piece).unwrap();
    }
    file.sync_all().unwrap();
    fs::rename(&partial, dir.join(hash.to_hex().as_str())).unwrap();
    File::open(dir).unwrap().sync_all().unwrap();
    started.elapsed()
}

/// Boards that differ in their first bytes.
struct Contents {
    made: u64,
    bytes: Vec<u8>,
}

impl Default for Contents {
    fn default() -> Self {
        let seed = Uuid::now_v7();
        let mut bytes = vec![0; MIB * 1024 * 1024];
        blake3::Hasher::new()
            .update(seed.as_bytes())
            .finalize_xof()
            .fill(&mut bytes);
        Self { made: 0, bytes }
    }
}

impl Contents {
    fn next(&mut self) -> &[u8] {
        self.made += 1;
        self.bytes[..8].copy_from_slice(&self.made.to_be_bytes());
        &self.bytes
    }
}
