//! The statements that a service really runs, taken from PostgreSQL's log and made into scripts of pgbench.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A script and the constants that it is run with.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// In pgbench's language.
    pub text: String,
    /// By name.
    pub constants: BTreeMap<String, String>,
}

/// A statement as it was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    session: String,
    /// With `$1` and so on.
    pub sql: String,
    /// What those were; `None` is NULL.
    pub parameters: Vec<Option<String>>,
}

/// Reads what a server logs with `log_statement = all` and the default prefix.
pub fn parse(log: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for line in log.lines() {
        if let Some(more) = line.strip_prefix('\t') {
            if let Some(last) = statements.last_mut() {
                last.sql.push(' ');
                last.sql.push_str(more.trim());
            }
            continue;
        }
        let Some((session, rest)) = line.split_once('[').and_then(|(_, rest)| rest.split_once(']')) else { continue };
        let rest = rest.trim_start();
        if let Some(said) = rest.strip_prefix("LOG:  ") {
            let sql = match said.strip_prefix("execute ") {
                Some(execute) => execute.split_once(": ").map(|(_name, sql)| sql),
                None => said.strip_prefix("statement: "),
            };
            if let Some(sql) = sql {
                statements.push(Statement { session: session.to_owned(), sql: sql.to_owned(), parameters: Vec::new() });
            }
        } else if let Some(detail) = rest.strip_prefix("DETAIL:  parameters: ")
            && let Some(last) = statements.last_mut().filter(|last| last.session == session)
        {
            last.parameters = parse_parameters(detail);
        }
    }
    statements
}

/// `$1 = 'it''s', $2 = NULL`.
fn parse_parameters(mut detail: &str) -> Vec<Option<String>> {
    let mut parameters = Vec::new();
    while let Some((_name, value)) = detail.split_once(" = ") {
        let Some(quoted) = value.strip_prefix('\'') else {
            parameters.push(None);
            detail = value.split_once(", ").map_or("", |(_null, rest)| rest);
            continue;
        };
        let mut text = String::new();
        let mut letters = quoted.char_indices().peekable();
        let mut end = quoted.len();
        while let Some((at, letter)) = letters.next() {
            if letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_none() {
                end = at + 1;
                break;
            }
            text.push(letter);
        }
        parameters.push(Some(text));
        detail = quoted.get(end..).unwrap_or_default().trim_start_matches(", ");
    }
    parameters
}

/// The statement that has all these among its parameters.
pub fn with<'a>(statements: &'a [Statement], values: &[&str]) -> Option<&'a Statement> {
    let has = |statement: &Statement, value: &str| statement.parameters.iter().flatten().any(|parameter| parameter == value);
    statements.iter().find(|statement| values.iter().all(|value| has(statement, value)))
}

/// The transaction, from BEGIN to COMMIT, in which a statement has this among its parameters.
pub fn transaction_with(statements: &[Statement], value: &str) -> Option<Vec<Statement>> {
    let session = &with(statements, &[value])?.session;
    let own: Vec<&Statement> = statements.iter().filter(|statement| statement.session == *session).collect();
    let whole = own.split_inclusive(|statement| statement.sql.starts_with("COMMIT"));
    let transaction = whole
        .into_iter()
        .find(|part| part.iter().any(|statement| statement.parameters.iter().flatten().any(|parameter| parameter == value)))?;
    let begin = transaction.iter().rposition(|statement| statement.sql.starts_with("BEGIN"))?;
    Some(transaction[begin..].iter().map(|statement| (*statement).clone()).collect())
}

impl Script {
    /// Adds lines of pgbench's own language.
    #[must_use]
    pub fn lines(mut self, lines: &str) -> Self {
        self.text.push_str(lines);
        self.text.push('\n');
        self
    }

    /// A variable and its first value.
    #[must_use]
    pub fn constant(mut self, name: &str, value: impl ToString) -> Self {
        self.constants.insert(name.to_owned(), value.to_string());
        self
    }

    /// Adds a statement. Where a parameter was one of `replaced`, the other stands in its place; all else stays a parameter with the
    /// value that it had.
    #[must_use]
    pub fn statement(mut self, statement: &Statement, replaced: &[(&str, &str)], end: &str) -> Self {
        let mut rest = statement.sql.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
            let index = after[..digits].parse::<usize>().unwrap_or_default().wrapping_sub(1);
            self.text.push_str(before);
            match statement.parameters.get(index) {
                Some(Some(value)) => match replaced.iter().find(|(known, _)| known == value) {
                    Some((_, instead)) => self.text.push_str(instead),
                    None => self.bind(value),
                },
                // Of type interval where something is added to it, which nothing else would say.
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

    const LOG: &str = "2026-11-24 07:00:00.000 UTC [41] LOG:  statement: BEGIN\n\
        2026-11-24 07:00:00.001 UTC [42] LOG:  execute s0: SELECT 1\n\
        2026-11-24 07:00:00.001 UTC [41] LOG:  execute s1: UPDATE t SET a = $1,\n\tb = now() + $2 WHERE c = $3 LIMIT $4\n\
        2026-11-24 07:00:00.001 UTC [41] DETAIL:  parameters: $1 = 'it''s, so', $2 = NULL, $3 = 'key', $4 = '1'\n\
        2026-11-24 07:00:00.002 UTC [41] LOG:  statement: COMMIT\n\
        2026-11-24 07:00:00.003 UTC [41] LOG:  statement: BEGIN\n";

    #[test]
    fn statements_are_those_of_the_log() {
        let statements = parse(LOG);
        assert_eq!(statements.len(), 5);
        let found = with(&statements, &["key"]).unwrap();
        assert_eq!(found.sql, "UPDATE t SET a = $1, b = now() + $2 WHERE c = $3 LIMIT $4");
        let parameters = [Some("it's, so"), None, Some("key"), Some("1")];
        assert_eq!(found.parameters, parameters.map(|parameter| parameter.map(str::to_owned)));
        let transaction = transaction_with(&statements, "key").unwrap();
        let texts: Vec<&str> = transaction.iter().map(|statement| &statement.sql[..5]).collect();
        assert_eq!(texts, ["BEGIN", "UPDAT", "COMMI"]);
    }

    #[test]
    fn parameters_stay_parameters() {
        let statements = parse(LOG);
        let script = Script::default().statement(with(&statements, &["key"]).unwrap(), &[("key", ":key")], ";");
        assert_eq!(script.text, "UPDATE t SET a = :value_0, b = now() + NULL::interval WHERE c = :key LIMIT :value_1;\n");
        assert_eq!(script.constants["value_0"], "it's, so");
        assert_eq!(script.constants["value_1"], "1");
    }
}
