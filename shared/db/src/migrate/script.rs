//! SQL scripts as single statements.

/// Returns the statements of a script, without comments between them.
pub fn statements(script: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let (mut begin, mut at) = (None, 0);
    while let Some(next) = script[at..].chars().next() {
        let rest = &script[at..];
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            through(rest, "*/", 2)
        } else if next == ';' {
            statements.extend(begin.take().map(|begin: usize| script[begin..at].trim_end()));
            1
        } else if next.is_whitespace() {
            next.len_utf8()
        } else {
            begin.get_or_insert(at);
            quotation(rest).unwrap_or(next.len_utf8())
        };
        at += length;
    }
    statements.extend(begin.map(|begin| script[begin..].trim_end()));
    statements
}

/// Returns the length of the quotation that `text` begins with. A doubled quotation mark counts as the begin of another one.
fn quotation(text: &str) -> Option<usize> {
    match text.chars().next()? {
        mark @ ('\'' | '"') => Some(through(text, &mark.to_string(), 1)),
        '$' => {
            let tag = text[1..].find('$')? + 2;
            let is_tag = text[1..tag - 1].chars().all(|letter| letter.is_alphanumeric() || letter == '_');
            is_tag.then(|| through(text, &text[..tag], tag))
        }
        _ => None,
    }
}

/// Returns the length of `text` up to and with the first `end` after `from`.
fn through(text: &str, end: &str, from: usize) -> usize {
    text[from..].find(end).map_or(text.len(), |found| from + found + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_texts_and_comments_end_no_statement() {
        for (script, expected) in [
            ("", &[] as &[&str]),
            ("-- nothing; at all", &[]),
            ("SELECT 1", &["SELECT 1"]),
            ("\n-- one;\nSELECT 1;\n/* two; */ SELECT 2 ;;", &["SELECT 1", "SELECT 2"]),
            ("SELECT 'it''s; so', \";\"; SELECT 'é'", &["SELECT 'it''s; so', \";\"", "SELECT 'é'"]),
            ("SELECT 1 -- a; b\n + 1;", &["SELECT 1 -- a; b\n + 1"]),
            ("DO $$ BEGIN; END $$; SELECT $1, $a$;$$;$a$;", &["DO $$ BEGIN; END $$", "SELECT $1, $a$;$$;$a$"]),
        ] {
            assert_eq!(statements(script), expected, "{script}");
        }
    }
}
