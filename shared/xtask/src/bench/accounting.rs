//! What processes have cost, as the kernel accounts it.

use std::fs;

use anyhow::{Context as _, Result};

/// What of `/proc/<pid>/stat` is used; times are in ticks.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own: u64,
    /// Of children that have ended and were waited for.
    ended_children: u64,
}

/// CPU time of one process so far, in microseconds.
pub fn of_process(pid: u32) -> Result<f64> {
    Ok(microseconds(read(pid)?.own))
}

/// CPU time of a process and its children so far, of those that have ended too, in microseconds.
///
/// A child that ends between the two looks is in one of them or in none; rounds are far longer than such a moment.
pub fn with_children(pid: u32) -> Result<f64> {
    let parent = read(pid)?;
    let children = fs::read_dir("/proc").context("cannot read /proc")?.flatten().filter_map(|entry| {
        let stat = read(entry.file_name().to_str()?.parse().ok()?).ok()?;
        (stat.parent == pid).then_some(stat.own + stat.ended_children)
    });
    Ok(microseconds(parent.own + parent.ended_children + children.sum::<u64>()))
}

/// Memory of a process that is in RAM, in MiB.
pub fn resident(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_resident(&status).with_context(|| format!("{path} has no VmRSS"))
}

fn read(pid: u32) -> Result<Stat> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_stat(&stat).with_context(|| format!("{path} is not understood"))
}

fn microseconds(ticks: u64) -> f64 {
    ticks as f64 * 1e6 / rustix::param::clock_ticks_per_second() as f64
}

/// The second field, the program's name, may hold anything, so fields are counted from its end.
fn parse_stat(stat: &str) -> Option<Stat> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, own: ticks(11)? + ticks(12)?, ended_children: ticks(13)? + ticks(14)? })
}

fn parse_resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_program_is_called() {
        let line = "812 (a) b) (c) S 7 812 812 0 -1 4194304 900 0 0 0 31 12 400 50 20 0 1 0 98765 1000 200 18446744073709551615";
        assert_eq!(parse_stat(line), Some(Stat { parent: 7, own: 43, ended_children: 450 }));
        assert_eq!(parse_stat("812 (short) S 7"), None);
    }

    #[test]
    fn resident_memory_is_in_mib() {
        assert_eq!(parse_resident("Name:\tx\nVmHWM:\t 9000 kB\nVmRSS:\t    5120 kB\nThreads:\t1\n"), Some(5.0));
        assert_eq!(parse_resident("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_has_cost_something() {
        let mut sum = 0_u64;
        let start = std::time::Instant::now();
        while start.elapsed() < std::time::Duration::from_millis(50) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(1));
        }
        let own = of_process(std::process::id()).unwrap();
        assert!(own > 0.0 && with_children(std::process::id()).unwrap() >= own);
        assert!(resident(std::process::id()).unwrap() > 0.1);
    }
}
