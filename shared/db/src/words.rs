//! PostgreSQL's words, as far as they may be written down: it quotes names of ours and values of callers' in the same way.

/// What a quoted name of the schema's follows.
const NAMED: [&str; 11] =
    ["relation", "table", "column", "constraint", "index", "schema", "type", "function", "role", "database", "parameter"];

/// A message up to the first quotation that may be a value. What follows it is gone as well: a value may hold quotation marks itself.
pub(crate) fn without_values(message: &str) -> String {
    let mut end = 0;
    while let Some(begin) = message[end..].find('"').map(|at| end + at) {
        let noun = message[..begin].trim_end().rsplit(' ').next().unwrap_or_default();
        let name = message[begin + 1..].split('"').next().unwrap_or_default();
        if !NAMED.contains(&noun) || name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return format!("{}…", &message[..begin]);
        }
        end = begin + 1 + name.len() + 1;
        if end > message.len() {
            break;
        }
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_and_values_go() {
        for (message, expected) in [
            ("deadlock detected", "deadlock detected"),
            (r#"invalid input syntax for type integer: "Ann""#, "invalid input syntax for type integer: …"),
            (r#"value "70000" is out of range for type smallint"#, "value …"),
            (r#"malformed array literal: "a" of relation "ann"" and "b""#, "malformed array literal: …"),
            (
                r#"null value in column "amount" of relation "wallet_entries" violates not-null constraint"#,
                r#"null value in column "amount" of relation "wallet_entries" violates not-null constraint"#,
            ),
            (r#"relation "gone" does not exist"#, r#"relation "gone" does not exist"#),
            (r#"column "Ann Appleton" does not exist"#, "column …"),
            (r#"relation "half"#, r#"relation "half"#),
            (r#"relation ""#, "relation …"),
        ] {
            assert_eq!(without_values(message), expected, "{message}");
        }
    }
}
