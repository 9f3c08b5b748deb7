//! Reads JSON, and what pages carry for it.
//!
//! Accepted beside JSON: a byte order mark, comments and CDATA marks, several values in a row, semicolons after them, trailing and missing
//! commas, unquoted names, single quotes, line breaks and unknown escapes in strings, and quotes within a string that cannot end it.

use crate::error::ImportError;
use crate::value::Value;

mod string;

/// The most bytes of a document.
const MOST_BYTES: usize = 512 << 10;

/// The most values, which bounds the memory.
const MOST_VALUES: usize = 20_000;

/// The most levels.
const MOST_LEVELS: usize = 64;

/// Prefixes of names that mean the same without it.
const PREFIXES: [&str; 4] = ["https://schema.org/", "http://schema.org/", "schema:", "s:"];

/// Marks around the JSON of a script.
const MARKS: [&str; 6] = ["<!--", "-->", "<![CDATA[", "]]>", "\u{feff}", ";"];

/// Reads the values of a document, in their order.
pub(crate) fn read(text: &str) -> Result<Vec<Value>, ImportError> {
    if text.len() > MOST_BYTES {
        return Err(ImportError::TooLarge);
    }
    let mut reader = Reader { rest: text, level: 0, values: 0 };
    let mut found = Vec::new();
    loop {
        reader.skip();
        if reader.rest.is_empty() {
            return if found.is_empty() { Err(ImportError::NotJson) } else { Ok(found) };
        }
        match reader.value(Place::Alone)? {
            // JSON that was encoded once more.
            Value::Text(inner) if found.is_empty() && inner.trim_start().starts_with(['{', '[']) => return read(&inner),
            value @ (Value::List(_) | Value::Object(_)) => found.push(value),
            _ => return Err(ImportError::NotJson),
        }
    }
}

/// Where a value stands, which decides what may follow it.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Alone,
    Name,
    Member,
    Element,
}

struct Reader<'a> {
    rest: &'a str,
    level: usize,
    values: usize,
}

impl Reader<'_> {
    /// Takes a text off the rest, if it starts with it.
    fn take(&mut self, start: &str) -> bool {
        let rest = self.rest.strip_prefix(start);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Skips white space, comments, and marks around the JSON.
    fn skip(&mut self) {
        loop {
            let before = self.rest.len();
            self.rest = self.rest.trim_start();
            let is_wrapper = |comment: &&str| comment.trim_start().starts_with(['{', '[']);
            if let Some(comment) = self.rest.strip_prefix("<!--").filter(|comment| !is_wrapper(comment)) {
                self.rest = comment.split_once("-->").map_or("", |(_, after)| after);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/").map_or("", |(_, after)| after);
            } else if let Some(comment) = self.rest.strip_prefix("//") {
                let is_mark = MARKS.iter().any(|mark| comment.trim_start_matches([' ', '\t']).starts_with(mark));
                self.rest = if is_mark { comment } else { comment.split_once('\n').map_or("", |(_, after)| after) };
            } else {
                let is_top = self.level == 0;
                let _ = MARKS.iter().any(|mark| is_top && self.take(mark));
            }
            if self.rest.len() == before {
                return;
            }
        }
    }

    fn value(&mut self, place: Place) -> Result<Value, ImportError> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(ImportError::TooLarge);
        }
        match self.rest.chars().next() {
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::list),
            Some(quote) if string::is_quote(quote) => self.string(place).map(Value::Text),
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: impl Fn(&mut Self) -> Result<Value, ImportError>) -> Result<Value, ImportError> {
        if self.level == MOST_LEVELS {
            return Err(ImportError::TooDeep);
        }
        self.level += 1;
        let value = read(self);
        self.level -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, ImportError> {
        self.take("{");
        let mut members = Vec::new();
        loop {
            self.separators();
            if self.take("}") {
                return Ok(Value::Object(members));
            }
            let name = self.name()?;
            self.skip();
            if !self.take(":") {
                return Err(ImportError::NotJson);
            }
            self.skip();
            members.push((name, self.value(Place::Member)?));
        }
    }

    fn list(&mut self) -> Result<Value, ImportError> {
        self.take("[");
        let mut elements = Vec::new();
        loop {
            self.separators();
            if self.take("]") {
                return Ok(Value::List(elements));
            }
            elements.push(self.value(Place::Element)?);
        }
    }

    /// Skips commas, of which there may be too many or too few.
    fn separators(&mut self) {
        self.skip();
        while self.take(",") {
            self.skip();
        }
    }

    fn name(&mut self) -> Result<String, ImportError> {
        let name = if self.rest.starts_with(string::is_quote) {
            self.string(Place::Name)?
        } else {
            let end = self.rest.find(|c: char| c == ':' || c.is_whitespace()).ok_or(ImportError::NotJson)?;
            let (name, rest) = self.rest.split_at_checked(end).ok_or(ImportError::NotJson)?;
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | '-')) {
                return Err(ImportError::NotJson);
            }
            self.rest = rest;
            name.to_owned()
        };
        let name = name.trim();
        Ok(PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name).to_owned())
    }

    fn word(&mut self) -> Result<Value, ImportError> {
        let end =
            self.rest.find(|c: char| matches!(c, ',' | '}' | ']' | ';' | '/') || c.is_whitespace()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).ok_or(ImportError::NotJson)?;
        self.rest = rest;
        match word {
            "null" | "None" | "undefined" | "NaN" => Ok(Value::Null),
            "true" | "True" | "false" | "False" => Ok(Value::Scalar(word.to_lowercase())),
            _ if word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
                && word.parse::<f64>().is_ok() =>
            {
                Ok(Value::Scalar(word.to_owned()))
            }
            _ => Err(ImportError::NotJson),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[test]
    fn json_is_read() {
        let nested = object(&[
            ("a", Value::List(vec![Value::Scalar("-1.5e3".to_owned()), Value::Null])),
            ("b", Value::Scalar("true".to_owned())),
        ]);
        assert_eq!(read(r#"{"a": [-1.5e3, null], "b": true}"#), Ok(vec![nested]));
        assert_eq!(read("[]"), Ok(vec![Value::List(vec![])]));
    }

    #[test]
    fn common_breaks_are_mended() {
        let pears = object(&[("name", text("Pears"))]);
        let documents = [
            "\u{feff} {\"name\": \"Pears\",} ;",
            "{'name': 'Pears'}",
            "{name: \"Pears\"}",
            "// <![CDATA[ {\"name\": \"Pears\"} // ]]>",
            "<!-- {\"name\": \"Pears\"} --> <!-- made by hand -->",
            "/* a */ {\"name\": // b\n \"Pears\"}",
            r#""{\"name\":\"Pears\"}""#,
            r#"{"http://schema.org/name": "Pears"}"#,
            r#"{"schema:name": "Pears"}"#,
            "{“name”: “Pears”}",
        ];
        for document in documents {
            assert_eq!(read(document), Ok(vec![pears.clone()]), "{document}");
        }
        assert_eq!(read("{\"name\": \"Pears\"}\n{\"name\": \"Pears\"}"), Ok(vec![pears.clone(), pears]));
        assert_eq!(read("{\"a\": \"1\" \"b\": \"2\"}"), Ok(vec![object(&[("a", text("1")), ("b", text("2"))])]));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for document in
            ["", "Slice the pears.", "{", "[1", "{\"a\"}", "{\"a\":}", "{\"a\": \"b", "1", "\"a\"", "{\"a\": x}", "{} x", "}"]
        {
            assert_eq!(read(document), Err(ImportError::NotJson), "{document}");
        }
    }

    #[test]
    fn limits_hold() {
        assert_eq!(read(&"[".repeat(3_000)), Err(ImportError::TooDeep));
        assert_eq!(read(&format!("[{}]", "0,".repeat(MOST_VALUES))), Err(ImportError::TooLarge));
        assert_eq!(read(&" ".repeat(MOST_BYTES + 1)), Err(ImportError::TooLarge));
        let deep = format!("{}{}", "[".repeat(MOST_LEVELS), "]".repeat(MOST_LEVELS));
        assert!(read(&deep).is_ok());
    }
}
