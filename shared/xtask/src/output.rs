//! What the user reads.

use std::io::Write as _;
use std::time::Instant;

/// Writes a line to standard output. A reader who has gone away is no reason to fail.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Lines that say how long it took to get there.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    start: Instant,
}

impl Progress {
    /// The clock starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Writes a line.
    pub fn step(&self, text: &str) {
        say(&format!("[{:6.1}s] {text}", self.start.elapsed().as_secs_f64()));
    }
}
