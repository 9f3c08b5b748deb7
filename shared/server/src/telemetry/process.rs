//! What the process itself uses, by the names that Prometheus' own clients give it.

use std::fmt::Write as _;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// Adds what `/proc` tells. What it does not tell is left out.
pub(super) fn write(text: &mut String) {
    if let Some((stat, ticks)) = stat() {
        let seconds = |count: u64| count as f64 / ticks;
        add(text, "process_cpu_seconds_total", "counter", "CPU time, of user and system.", seconds(stat.cpu));
        add(text, "process_resident_memory_bytes", "gauge", "Resident memory.", (stat.resident * page_size() as u64) as f64);
        if let Some(boot) = boot() {
            add(text, "process_start_time_seconds", "gauge", "Start, since 1970.", boot as f64 + seconds(stat.started));
        }
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        // The look itself holds one.
        add(text, "process_open_fds", "gauge", "Open file descriptors.", open.count().saturating_sub(1) as f64);
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        add(text, "process_max_fds", "gauge", "File descriptors at most.", most as f64);
    }
}

fn add(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
}

struct Stat {
    cpu: u64,
    started: u64,
    resident: u64,
}

fn stat() -> Option<(Stat, f64)> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which may hold spaces; the third field of all is the first here.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let stat = Stat { cpu: field(14)? + field(15)?, started: field(22)?, resident: field(24)? };
    Some((stat, clock_ticks_per_second() as f64))
}

/// When the machine was started.
fn boot() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_measured() {
        let mut text = String::new();
        write(&mut text);
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).expect(name);
            line.rsplit_once(' ').expect("a value").1.parse().expect("a number")
        };
        assert!(value("process_resident_memory_bytes") > 1_000_000.0 && value("process_open_fds") >= 3.0, "{text}");
        assert!(value("process_max_fds") >= value("process_open_fds"), "{text}");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs_f64();
        let age = now - value("process_start_time_seconds");
        assert!((-2.0..3_600.0).contains(&age), "{age}");
    }
}
