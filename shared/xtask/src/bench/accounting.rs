//! CPU time and memory of processes, from `/proc`.

use std::fs;

use anyhow::{Context as _, Result};

/// The fields of `/proc/<pid>/stat` that are used; times are in ticks.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own: u64,
    /// Of children that were waited for.
    ended_children: u64,
}

/// Returns the CPU time of a process in microseconds.
pub fn of_process(pid: u32) -> Result<f64> {
    Ok(microseconds(read(pid)?.own))
}

/// Returns the CPU time of a process and its children in microseconds, including children that have ended.
///
/// A child that ends in between may be missed, which is little compared to a round.
pub fn with_children(pid: u32) -> Result<f64> {
    let parent = read(pid)?;
    let children = fs::read_dir("/proc").context("cannot read /proc")?.flatten().filter_map(|entry| {
        let stat = read(entry.file_name().to_str()?.parse().ok()?).ok()?;
        (stat.parent == pid).then_some(stat.own + stat.ended_children)
    });
    Ok(microseconds(parent.own + parent.ended_children + children.sum::<u64>()))
}

/// Returns the CPU time of all children of this process that have ended, in microseconds.
pub fn of_ended_children() -> Result<f64> {
    Ok(microseconds(read(std::process::id())?.ended_children))
}

/// Returns the resident memory of a process in MiB.
pub fn resident(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_resident(&status).with_context(|| format!("{path} has no VmRSS"))
}

fn read(pid: u32) -> Result<Stat> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_stat(&stat).with_context(|| format!("{path} cannot be parsed"))
}

fn microseconds(ticks: u64) -> f64 {
    ticks as f64 * 1e6 / rustix::param::clock_ticks_per_second() as f64
}

/// Counts fields from the end of the second, the program's name, which may contain anything.
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
    fn a_stat_line_is_parsed_for_any_program_name() {
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
    fn this_process_has_used_cpu_and_memory() {
        let mut sum = 0_u64;
        let own = loop {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(1));
            let own = of_process(std::process::id()).unwrap();
            if own > 0.0 {
                break own;
            }
        };
        assert!(with_children(std::process::id()).unwrap() >= own);
        assert!(resident(std::process::id()).unwrap() > 0.1);
    }
}
