//! What a process of ours costs the machine, read from `/proc`; nothing where there is none, or once it has ended.

use std::fs;
use std::time::Duration;

/// The most memory it held at once, in KiB (`VmHWM` of proc(5)).
pub fn memory_peak_kib(pid: u32) -> Option<u64> {
    number(&status(pid)?, "VmHWM:")
}

/// The memory that it holds, in KiB (`VmRSS`).
pub fn memory_kib(pid: u32) -> Option<u64> {
    number(&status(pid)?, "VmRSS:")
}

/// What of it is not the content of files, such as the program's own code, in KiB (`RssAnon`).
pub fn memory_of_its_own_kib(pid: u32) -> Option<u64> {
    number(&status(pid)?, "RssAnon:")
}

/// What it has had of the processors so far, `utime` and `stime`.
pub fn processor(pid: u32) -> Option<Duration> {
    ticks(&format!("/proc/{pid}/stat"), 0)
}

/// What our own children that have ended, and were waited for, had of the processors: `cutime` and `cstime`.
pub fn processor_of_children() -> Option<Duration> {
    ticks("/proc/self/stat", 2)
}

/// Two of the times that follow the first eleven fields after the program's name, one after the other.
fn ticks(file: &str, skipped: usize) -> Option<Duration> {
    /// Linux tells times to programs in hundredths of a second.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(file).ok()?;
    // The name of the program stands in parentheses and may hold anything; the third field follows it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut ticks = rest.split(' ').skip(11 + skipped).map_while(|field| field.parse::<u32>().ok());
    Some(TICK * (ticks.next()? + ticks.next()?))
}

/// How often each of its threads has gone to sleep by itself so far, by name; as often it was woken.
pub fn wakeups(pid: u32) -> Option<Vec<(String, u64)>> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let told = tasks.flatten().filter_map(|task| {
        let status = fs::read_to_string(task.path().join("status")).ok()?;
        let name = status.lines().find_map(|line| line.strip_prefix("Name:"))?.trim().to_owned();
        Some((name, number(&status, "voluntary_ctxt_switches:")?))
    });
    Some(told.collect())
}

fn status(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/status")).ok()
}

fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
