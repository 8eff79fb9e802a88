//! The processor time of this thread, and the memory of this program.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Processor time that this thread has used: what other programs do meanwhile does not count.
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// How long `work` keeps the processor.
pub async fn timed(work: impl Future<Output = ()>) -> Duration {
    let before = thread_time();
    work.await;
    thread_time() - before
}

/// The memory that the program has in use, in bytes, with what its allocator holds.
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}
