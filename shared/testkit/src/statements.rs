//! Forms of statements that distributed PostgreSQL (Citus) refuses, each of which has another form that is as good everywhere.

/// Functions that return a time.
const TIMES: [&str; 6] =
    ["now", "clock_timestamp", "transaction_timestamp", "statement_timestamp", "current_timestamp", "current_date"];
/// Functions that return something else with each call.
const VOLATILE: [&str; 4] = ["gen_random_uuid", "random", "nextval", "clock_timestamp"];

/// Where a word stands.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Parentheses,
    Coalesce,
    Case,
    Conflict,
    /// An UPDATE or DELETE.
    Change,
}

/// Checks a statement.
///
/// # Panics
/// When it has a form that is refused.
#[expect(clippy::panic, reason = "an assertion of tests")]
pub fn must_be_portable(statement: &str) {
    if let Some(form) = refused_form(statement) {
        panic!("{form}: {statement}");
    }
}

/// Returns what is wrong with a statement.
pub fn refused_form(statement: &str) -> Option<&'static str> {
    if orchard_db::statements(statement).len() > 1 {
        return Some("several statements at once");
    }
    let words = words(statement);
    let mut within: Vec<Within> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |at| words[at].as_str());
        match word.as_str() {
            "(" => within.push(if before == "coalesce" { Within::Coalesce } else { Within::Parentheses }),
            ")" => while !matches!(within.pop(), None | Some(Within::Parentheses | Within::Coalesce)) {},
            "case" => within.push(Within::Case),
            "end" => drop(within.pop()),
            "conflict" if before == "on" => within.push(Within::Conflict),
            "returning" => within.retain(|within| *within != Within::Conflict),
            "update" | "delete" if !matches!(before, "for" | "key" | "do" | "on") => within.push(Within::Change),
            "select" if words[0] == "insert" && !within.contains(&Within::Parentheses) => {
                return Some("INSERT .. SELECT without WITH");
            }
            time if TIMES.contains(&time)
                && within.iter().any(|w| matches!(w, Within::Coalesce | Within::Case | Within::Conflict)) =>
            {
                return Some("a time within CASE, COALESCE or ON CONFLICT");
            }
            volatile if VOLATILE.contains(&volatile) && within.contains(&Within::Change) => {
                return Some("a volatile function in an UPDATE or DELETE");
            }
            _ => {}
        }
    }
    None
}

/// Returns the words and parentheses of a statement, without its texts, names in quotation marks and comments.
fn words(statement: &str) -> Vec<String> {
    let without_comments: String =
        statement.lines().map(|line| line.split("--").next().unwrap_or_default().to_owned() + "\n").collect();
    let mut words = Vec::new();
    // Every second part is within quotation marks.
    for part in without_comments.split(['\'', '"']).step_by(2) {
        let separated = part.to_lowercase().replace('(', " ( ").replace(')', " ) ");
        let split = separated.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '(' | ')')));
        words.extend(split.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_are_refused_are_found() {
        for statement in [
            "SELECT 1; SELECT 2",
            "INSERT INTO a (b) SELECT b FROM c",
            "INSERT INTO a (b) VALUES ($1) ON CONFLICT (b) DO UPDATE SET c = CURRENT_TIMESTAMP",
            "INSERT INTO a (b) VALUES ($1) ON CONFLICT (b) DO UPDATE SET c = $2 WHERE a.d <= now()",
            "UPDATE a SET b = CASE WHEN c THEN now() ELSE b END",
            "SELECT coalesce(b, (now() - $1)) FROM a",
            "UPDATE a SET b = gen_random_uuid()::text",
            "WITH a AS (DELETE FROM b WHERE c < random()) SELECT FROM a",
        ] {
            assert!(refused_form(statement).is_some(), "{statement}");
        }
    }

    #[test]
    fn the_forms_that_replace_them_are_not() {
        for statement in [
            "SELECT 1;",
            "INSERT INTO a (b) VALUES ((SELECT c FROM d))",
            "WITH k AS (SELECT b FROM c) INSERT INTO a (b) SELECT b FROM k RETURNING now()",
            "INSERT INTO a (b, at) VALUES ($1, now()) ON CONFLICT (b) DO UPDATE SET at = excluded.at RETURNING now()",
            "UPDATE a SET b = CASE WHEN c THEN $1 ELSE b END, updated_at = now()",
            "UPDATE \"a\" SET \"now\" = least(b, now()) WHERE c = coalesce(d, 'now()')",
            "WITH k AS MATERIALIZED (SELECT id, gen_random_uuid() AS b FROM a FOR NO KEY UPDATE) UPDATE a SET b = k.b FROM k",
            "CREATE TABLE a (id UUID NOT NULL DEFAULT gen_random_uuid(), b UUID REFERENCES c ON DELETE CASCADE)",
        ] {
            assert_eq!(refused_form(statement), None, "{statement}");
        }
    }
}
