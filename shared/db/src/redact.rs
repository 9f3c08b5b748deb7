//! PostgreSQL's messages without values of rows. PostgreSQL quotes names and values in the same way.

/// Nouns that precede the quoted name of an object of the schema.
const NAMED: [&str; 11] =
    ["relation", "table", "column", "constraint", "index", "schema", "type", "function", "role", "database", "parameter"];

/// Returns the message up to the first quotation that may be a value. The rest is cut off as well: a value may contain quotation marks.
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
    fn names_are_kept_and_values_are_cut_off() {
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
