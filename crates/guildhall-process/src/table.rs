//! The process-wide table of living processes and ports, in shards so that arbiters do not queue
//! up behind each other.

use std::array;
use std::collections::HashMap;
use std::sync::Arc;

use crate::cell::Cell;
use crate::pid::Pid;
use crate::sync::{Mutex, NumberHash, lock};

const SHARDS: u64 = 64;

type Shard = Mutex<HashMap<Pid, Arc<Cell>, NumberHash>>;

#[cfg(not(all(test, shuttle)))]
static TABLE: std::sync::LazyLock<[Shard; 64]> = std::sync::LazyLock::new(shards);

// A model has a table of its own in each of its runs.
#[cfg(all(test, shuttle))]
shuttle::lazy_static! {
    static ref TABLE: [Shard; 64] = shards();
}

fn shards() -> [Shard; 64] {
    array::from_fn(|_| Shard::default())
}

fn shard(pid: Pid) -> &'static Shard {
    let index = usize::try_from(pid.to_u64() % SHARDS).unwrap_or(0);
    let [first, ..] = &*TABLE;
    TABLE.get(index).unwrap_or(first)
}

pub(crate) fn insert(cell: Arc<Cell>) {
    lock(shard(cell.pid)).insert(cell.pid, cell);
}

pub(crate) fn remove(pid: Pid) {
    // The cell may be dropped here and run a user's Drop: not under the lock.
    let removed = lock(shard(pid)).remove(&pid);
    drop(removed);
}

pub(crate) fn get(pid: Pid) -> Option<Arc<Cell>> {
    lock(shard(pid)).get(&pid).cloned()
}

/// All living cells at one moment, in no order. Nobody else holds two of these locks.
pub(crate) fn all() -> Vec<Arc<Cell>> {
    let shards: Vec<_> = TABLE.iter().map(lock).collect();
    shards
        .iter()
        .flat_map(|shard| shard.values().cloned())
        .collect()
}
