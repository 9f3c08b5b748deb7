//! Scripts of pgbench that run the recorded statements of a call.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::recording::Statement;

/// Chooses another family: as random as the load generator's choice, but only one in 50 statements looks it up.
const WALK: &str = r"\if :left = 0
\set n random(1, :families)
SELECT plan, viewer FROM bench.targets WHERE n = :n \gset
\set left 50
\endif
\set left :left - 1";
/// Chooses random bits for the next transaction's ids.
pub const NEW_KEY: &str = r"\set key random(1, 4611686018427387903)";
/// An id that is constant within a transaction and greater than those of earlier ones, as the services' ids are. Unordered ids would
/// cost PostgreSQL far more.
pub const NEW_ID: &str =
    "(lpad(to_hex((extract(epoch FROM now()) * 1000000)::bigint), 16, '0') || lpad(to_hex(:key::bigint), 16, '0'))::uuid";

/// A script and its constants.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// In pgbench's language.
    pub text: String,
    /// By name.
    pub constants: BTreeMap<String, String>,
}

impl Script {
    /// Returns a script that sets `:plan` and `:viewer` to those of any of the families.
    pub fn walk(families: u64) -> Self {
        Self::default().constant("left", 0).constant("families", families).lines(WALK)
    }

    /// Adds lines in pgbench's language.
    #[must_use]
    pub fn lines(mut self, lines: &str) -> Self {
        self.text.push_str(lines);
        self.text.push('\n');
        self
    }

    /// Adds a variable with its first value.
    #[must_use]
    pub fn constant(mut self, name: &str, value: impl ToString) -> Self {
        self.constants.insert(name.to_owned(), value.to_string());
        self
    }

    /// Adds a statement. Parameters among `replaced` become that text; all others stay parameters with the recorded value.
    #[must_use]
    pub fn statement(mut self, statement: &Statement, replaced: &[(&str, &str)], end: &str) -> Self {
        let mut rest = statement.sql.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
            let index = after[..digits].parse::<usize>().unwrap_or_default().wrapping_sub(1);
            self.text.push_str(before);
            match statement.parameters.get(index) {
                Some(Some(value)) => match replaced.iter().find(|(known, _)| known == value) {
                    Some((_, text)) => self.text.push_str(text),
                    None => self.bind(value),
                },
                // Only intervals are added to something, and PostgreSQL cannot infer the type of this NULL.
                Some(None) if before.trim_end().ends_with('+') => self.text.push_str("NULL::interval"),
                Some(None) | None => self.text.push_str("NULL"),
            }
            rest = &after[digits..];
        }
        self.text.push_str(rest.trim_end_matches(';'));
        self.text.push_str(end);
        self.text.push('\n');
        self
    }

    fn bind(&mut self, value: &str) {
        let found = self.constants.iter().find(|(name, known)| name.starts_with("value_") && *known == value);
        let name = found.map_or_else(|| format!("value_{}", self.constants.len()), |(name, _)| name.clone());
        let _ = write!(self.text, ":{name}");
        self.constants.insert(name, value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stay_parameters_unless_they_are_replaced() {
        let statement = Statement {
            session: "41".to_owned(),
            sql: "UPDATE t SET a = $1, b = now() + $2 WHERE c = $3 LIMIT $4".to_owned(),
            parameters: [Some("it's, so"), None, Some("key"), Some("1")].map(|value| value.map(str::to_owned)).to_vec(),
        };
        let script = Script::default().statement(&statement, &[("key", ":key")], ";");
        assert_eq!(script.text, "UPDATE t SET a = :value_0, b = now() + NULL::interval WHERE c = :key LIMIT :value_1;\n");
        assert_eq!(script.constants["value_0"], "it's, so");
        assert_eq!(script.constants["value_1"], "1");
    }
}
