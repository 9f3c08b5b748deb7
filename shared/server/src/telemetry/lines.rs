//! Bounds the lines of the log that callers cause: a few per kind and second. The others are counted.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What lines are bounded by: a code and a reason, or what happened.
pub(crate) type Kind = (&'static str, &'static str);

/// The lines of one kind in a second.
const MOST: u32 = 5;

#[derive(Default)]
struct Lines(HashMap<Kind, Written>);

struct Written {
    second: u64,
    lines: u32,
    left_out: u64,
}

impl Lines {
    fn admit(&mut self, kind: Kind, second: u64) -> bool {
        let written = self.0.entry(kind).or_insert(Written { second, lines: 0, left_out: 0 });
        if written.second != second {
            (written.second, written.lines) = (second, 0);
        }
        written.lines += 1;
        written.left_out += u64::from(written.lines > MOST);
        written.lines <= MOST
    }

    fn take_left_out(&mut self) -> Vec<(Kind, u64)> {
        let taken = self.0.iter_mut().map(|(kind, written)| (*kind, std::mem::take(&mut written.left_out)));
        taken.filter(|(_, count)| *count > 0).collect()
    }
}

/// Returns whether a line of this kind is written now.
pub(crate) fn admit(kind: Kind) -> bool {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    lines().admit(kind, BEGUN.elapsed().as_secs())
}

/// Writes how many lines of each kind were left out since the last time.
pub(crate) fn report_left_out() {
    let left_out = lines().take_left_out();
    for ((code, reason), lines) in left_out {
        tracing::warn!(code, reason, lines, "lines were left out");
    }
}

/// Kinds are few: codes, reasons of contracts, and texts of this program.
fn lines() -> MutexGuard<'static, Lines> {
    static LINES: LazyLock<Mutex<Lines>> = LazyLock::new(Mutex::default);
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_kind_is_a_few_lines_and_a_number() {
        let mut lines = Lines::default();
        let (flood, rare) = (("ABORTED", "A"), ("ABORTED", "B"));
        for second in 0..3 {
            let written = (0..1_000).filter(|_| lines.admit(flood, second)).count();
            assert_eq!(written, usize::try_from(MOST).expect("a few"));
            assert!(lines.admit(rare, second), "another kind");
        }
        assert_eq!(lines.take_left_out(), [(flood, 3 * (1_000 - u64::from(MOST)))]);
        assert_eq!(lines.take_left_out(), []);
    }
}
