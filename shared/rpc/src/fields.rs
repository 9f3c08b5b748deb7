//! Reads a request's fields and reports all violations at once, each with its path.

use std::fmt;

/// The number of violations that a refusal names. They travel in headers, of which peers accept about 8 KiB.
const MAX_NAMED: usize = 20;
/// The longest description in characters. A description may quote the request.
const MAX_DESCRIPTION: usize = 160;
/// The number of violations that the status message repeats.
const MAX_REPEATED: usize = 3;

/// A request's violations: paths and descriptions, in the order in which they were found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Violations {
    named: Vec<(String, String)>,
    more: usize,
}

impl Violations {
    /// Returns a single violation.
    pub fn of(path: impl Into<String>, description: impl Into<String>) -> Self {
        let mut violations = Self::default();
        violations.add(path, description);
        violations
    }

    /// Adds a violation of the field at `path`, such as `intakes[2].meal`. From the 21st on, violations are only counted.
    pub fn add(&mut self, path: impl Into<String>, description: impl Into<String>) {
        if self.named.len() == MAX_NAMED {
            self.more += 1;
            return;
        }
        let description = description.into();
        let end = description.char_indices().nth(MAX_DESCRIPTION).map_or(description.len(), |(index, _)| index);
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
        for (index, (path, description)) in self.named.iter().take(MAX_REPEATED).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{path} {description}")?;
        }
        match self.named.len().saturating_sub(MAX_REPEATED) + self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Violations {}

/// Marks an invalid field. [`Fields`] keeps the violation, and only `Fields` can make this mark.
#[derive(Debug, Clone, Copy)]
pub struct Invalid(());

/// Reads fields one by one and collects their violations.
#[derive(Debug, Default)]
pub struct Fields {
    prefix: String,
    violations: Violations,
}

impl Fields {
    /// Takes the result of a reader (see [`crate::read`]) for the field `name`.
    pub fn read<T>(&mut self, name: &str, outcome: Result<T, String>) -> Result<T, Invalid> {
        outcome.map_err(|description| {
            self.violations.add(format!("{}{name}", self.prefix), description);
            Invalid(())
        })
    }

    /// Same as [`read`](Self::read), if an update's mask names the field. Other fields are ignored: they may hold what the caller has
    /// read before.
    pub fn masked<T>(
        &mut self,
        mask: &[&str],
        name: &str,
        read: impl FnOnce() -> Result<T, String>,
    ) -> Result<Option<T>, Invalid> {
        if mask.contains(&name) { self.read(name, read()).map(Some) } else { Ok(None) }
    }

    /// Reads fields of the message in the field `name`. Their paths start with that name.
    pub fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        let result = read(self);
        self.prefix.truncate(outer);
        result
    }

    /// Reads a repeated field of `count` messages. Their fields' paths start with `name[index].`.
    pub fn each<P, T>(
        &mut self,
        name: &str,
        count: std::ops::RangeInclusive<usize>,
        items: Vec<P>,
        mut read: impl FnMut(&mut Self, P) -> Result<T, Invalid>,
    ) -> Result<Vec<T>, Invalid> {
        self.counted(name, count, items.len())?;
        // Reads all items before the first error returns, so that all violations are found.
        let read_all: Vec<_> =
            items.into_iter().enumerate().map(|(i, item)| self.within(&format!("{name}[{i}]"), |f| read(f, item))).collect();
        read_all.into_iter().collect()
    }

    /// Reads a repeated field of `count` scalar values. Their paths are `name[index]`.
    pub fn values<P, T>(
        &mut self,
        name: &str,
        count: std::ops::RangeInclusive<usize>,
        items: &[P],
        read: impl Fn(&P) -> Result<T, String>,
    ) -> Result<Vec<T>, Invalid> {
        self.counted(name, count, items.len())?;
        let read_all: Vec<_> = items.iter().enumerate().map(|(i, item)| self.read(&format!("{name}[{i}]"), read(item))).collect();
        read_all.into_iter().collect()
    }

    /// Checks a list's length. A list of the wrong length is not read, which bounds the number of violations.
    fn counted(&mut self, name: &str, count: std::ops::RangeInclusive<usize>, length: usize) -> Result<(), Invalid> {
        let counted = if count.contains(&length) {
            Ok(())
        } else {
            Err(format!("must have {} to {} items, not {length}", count.start(), count.end()))
        };
        self.read(name, counted)
    }

    /// Reads the field of a request that has only one.
    pub fn one<T>(name: &str, outcome: Result<T, String>) -> Result<T, Violations> {
        outcome.map_err(|description| Violations::of(name, description))
    }

    /// Builds the value if no field is invalid.
    pub fn finish<T>(self, build: impl FnOnce() -> Result<T, Invalid>) -> Result<T, Violations> {
        if self.violations.is_empty() { build().map_err(|_invalid| self.violations) } else { Err(self.violations) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn all_violations_are_reported_with_their_paths() {
        let mut fields = Fields::default();
        let id = fields.read("id", read::uuid("nope"));
        let items = fields.each("items", 1..=3, vec![1, -1, 7], |f, n| f.read("n", read::within(n, 0..=5)));
        let tags = fields.values("tags", 0..=3, &["a", "", "c"], |tag| read::text(tag, 1..=5));
        let outer = fields.within("outer", |f| f.read("name", read::text("", 1..=5)));
        let result = fields.finish(|| Ok((id?, items?, tags?, outer?)));
        let paths: Vec<_> = result.expect_err("invalid").into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["id", "items[1].n", "items[2].n", "tags[1]", "outer.name"]);
    }

    #[test]
    fn violations_fit_into_headers() {
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
    fn a_list_that_is_too_long_is_one_violation() {
        let mut fields = Fields::default();
        let items = fields.each("items", 0..=2, vec![-1; 1000], |f, n| f.read("n", read::within(n, 0..=5)));
        let violations = fields.finish(|| items).expect_err("invalid");
        assert_eq!(violations.into_iter().count(), 1);
    }
}
