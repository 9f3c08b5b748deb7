//! Lines for the user.

use std::io::Write as _;
use std::time::Instant;

/// Writes a line to standard output, and ignores that it may be closed.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A clock whose lines start with the time since its start.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    start: Instant,
}

impl Progress {
    /// Starts the clock.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Writes a line.
    pub fn step(&self, text: &str) {
        say(&format!("[{:6.1}s] {text}", self.start.elapsed().as_secs_f64()));
    }
}
