//! Reads the fields of a request so that all that is wrong is said at once, each with its path.

use std::fmt;

/// Violations that a refusal names. They travel in headers, of which peers take some 8 KiB; whoever has so many mistakes has a
/// mistake in a loop.
const NAMED: usize = 20;
/// Characters of a description: it may quote what was sent.
const DESCRIPTION: usize = 160;
/// Violations that the status message repeats.
const TOLD: usize = 3;

/// What is wrong with a request: paths and descriptions, in the order in which they were found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Violations {
    named: Vec<(String, String)>,
    more: usize,
}

impl Violations {
    /// One, alone.
    pub fn of(path: impl Into<String>, description: impl Into<String>) -> Self {
        let mut violations = Self::default();
        violations.add(path, description);
        violations
    }

    /// Adds one, for the field at `path`, such as `intakes[2].meal`. From the 21st on they are only counted.
    pub fn add(&mut self, path: impl Into<String>, description: impl Into<String>) {
        if self.named.len() == NAMED {
            self.more += 1;
            return;
        }
        let description = description.into();
        let end = description.char_indices().nth(DESCRIPTION).map_or(description.len(), |(index, _)| index);
        self.named.push((path.into(), description[..end].to_owned()));
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty()
    }
}

impl IntoIterator for Violations {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.named.into_iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (path, description)) in self.named.iter().take(TOLD).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{path} {description}")?;
        }
        match self.named.len().saturating_sub(TOLD) + self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Violations {}

/// Marks a field that was refused; the reason is kept by [`Fields`]. It cannot be made elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Refused(());

/// Reads fields one after the other and keeps what is wrong with them.
#[derive(Debug, Default)]
pub struct Fields {
    prefix: String,
    violations: Violations,
}

impl Fields {
    /// Keeps the outcome of a reader (see [`crate::read`]) for the field `name`.
    pub fn read<T>(&mut self, name: &str, outcome: Result<T, String>) -> Result<T, Refused> {
        outcome.map_err(|description| {
            self.violations.add(format!("{}{name}", self.prefix), description);
            Refused(())
        })
    }

    /// As [`read`](Self::read), of an update whose mask names the field. What it does not name is not looked at: it may be what the
    /// caller has read before.
    pub fn masked<T>(
        &mut self,
        mask: &[&str],
        name: &str,
        read: impl FnOnce() -> Result<T, String>,
    ) -> Result<Option<T>, Refused> {
        if mask.contains(&name) { self.read(name, read()).map(Some) } else { Ok(None) }
    }

    /// Reads fields of the message in the field `name`; their paths start with it.
    pub fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        let result = read(self);
        self.prefix.truncate(outer);
        result
    }

    /// Reads a repeated field of messages, `count` of them; their paths are `name[index].`.
    pub fn each<P, T>(
        &mut self,
        name: &str,
        count: std::ops::RangeInclusive<usize>,
        items: Vec<P>,
        mut read: impl FnMut(&mut Self, P) -> Result<T, Refused>,
    ) -> Result<Vec<T>, Refused> {
        self.counted(name, count, items.len())?;
        // All of them, before the first refusal ends it.
        let read_all: Vec<_> =
            items.into_iter().enumerate().map(|(i, item)| self.within(&format!("{name}[{i}]"), |f| read(f, item))).collect();
        read_all.into_iter().collect()
    }

    /// Reads a repeated field of single values, `count` of them; their paths are `name[index]`.
    pub fn values<P, T>(
        &mut self,
        name: &str,
        count: std::ops::RangeInclusive<usize>,
        items: &[P],
        read: impl Fn(&P) -> Result<T, String>,
    ) -> Result<Vec<T>, Refused> {
        self.counted(name, count, items.len())?;
        let read_all: Vec<_> = items.iter().enumerate().map(|(i, item)| self.read(&format!("{name}[{i}]"), read(item))).collect();
        read_all.into_iter().collect()
    }

    /// A list over its cap is not read: its violations would be as many as a caller cares to send.
    fn counted(&mut self, name: &str, count: std::ops::RangeInclusive<usize>, length: usize) -> Result<(), Refused> {
        let counted = if count.contains(&length) {
            Ok(())
        } else {
            Err(format!("must have {} to {} items, not {length}", count.start(), count.end()))
        };
        self.read(name, counted)
    }

    /// Reads the one field of a request that has no more.
    pub fn one<T>(name: &str, outcome: Result<T, String>) -> Result<T, Violations> {
        outcome.map_err(|description| Violations::of(name, description))
    }

    /// Builds the value when nothing was refused.
    pub fn finish<T>(self, build: impl FnOnce() -> Result<T, Refused>) -> Result<T, Violations> {
        if self.violations.is_empty() { build().map_err(|_refused| self.violations) } else { Err(self.violations) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn says_all_that_is_wrong_with_paths() {
        let mut fields = Fields::default();
        let id = fields.read("id", read::uuid("nope"));
        let items = fields.each("items", 1..=3, vec![1, -1, 7], |f, n| f.read("n", read::within(n, 0..=5)));
        let tags = fields.values("tags", 0..=3, &["a", "", "c"], |tag| read::text(tag, 1..=5));
        let outer = fields.within("outer", |f| f.read("name", read::text("", 1..=5)));
        let result = fields.finish(|| Ok((id?, items?, tags?, outer?)));
        let paths: Vec<_> = result.expect_err("refused").into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["id", "items[1].n", "items[2].n", "tags[1]", "outer.name"]);
    }

    #[test]
    fn a_refusal_fits_into_headers() {
        let mut violations = Violations::default();
        for index in 0..1_000 {
            violations.add(format!("items[{index}]"), "x".repeat(10_000));
        }
        let message = violations.to_string();
        assert!(message.len() < 600 && message.ends_with("; and 997 more"), "{message}");
        let bytes: usize = violations.into_iter().map(|(path, description)| path.len() + description.len()).sum();
        assert!(bytes < 4_000, "{bytes}");
    }

    #[test]
    fn a_list_over_its_cap_is_one_violation() {
        let mut fields = Fields::default();
        let items = fields.each("items", 0..=2, vec![-1; 1000], |f, n| f.read("n", read::within(n, 0..=5)));
        let violations = fields.finish(|| items).expect_err("refused");
        assert_eq!(violations.into_iter().count(), 1);
    }
}
