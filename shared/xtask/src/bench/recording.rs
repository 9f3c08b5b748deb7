//! The statements that a service runs, taken from PostgreSQL's log.

/// A logged statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Id of its session.
    pub session: String,
    /// Text with `$1` and so on.
    pub sql: String,
    /// Values of the parameters; `None` is NULL.
    pub parameters: Vec<Option<String>>,
}

/// Parses a log that was written with `log_statement = all` and the default prefix.
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
        if let Some(message) = rest.strip_prefix("LOG:  ") {
            let sql = match message.strip_prefix("execute ") {
                Some(execute) => execute.split_once(": ").map(|(_name, sql)| sql),
                None => message.strip_prefix("statement: "),
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

/// Parses `$1 = 'it''s', $2 = NULL`.
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

/// Finds the statement with all these values among its parameters.
pub fn with<'a>(statements: &'a [Statement], values: &[&str]) -> Option<&'a Statement> {
    let has = |statement: &Statement, value: &str| statement.parameters.iter().flatten().any(|parameter| parameter == value);
    statements.iter().find(|statement| values.iter().all(|value| has(statement, value)))
}

/// Finds the transaction, from BEGIN to COMMIT, that has a statement with this value among its parameters.
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
    fn statements_are_parsed_from_the_log() {
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
}
