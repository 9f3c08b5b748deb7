//! Finds the JSON-LD of a document.

use std::borrow::Cow;

use crate::error::ImportError;
use crate::json;
use crate::markup::after_element;
use crate::value::Value;

/// The most bytes of a document.
const MOST_BYTES: usize = 2 << 20;

/// The most bytes of its scripts with JSON-LD.
const MOST_SCRIPT_BYTES: usize = 512 << 10;

/// Reads the values of a document: of JSON, or of the scripts of an HTML page. A broken script is passed over when another one is whole.
pub(crate) fn read(document: &str) -> Result<Vec<Value>, ImportError> {
    if document.len() > MOST_BYTES {
        return Err(ImportError::TooLarge);
    }
    let trimmed = document.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let scripts = if trimmed.starts_with('<') { scripts(trimmed) } else { Vec::new() };
    if scripts.is_empty() {
        return json::read(&decoded(trimmed));
    }
    if scripts.iter().map(|script| script.len()).sum::<usize>() > MOST_SCRIPT_BYTES {
        return Err(ImportError::TooLarge);
    }
    let (mut values, mut error) = (Vec::new(), ImportError::NotJson);
    for script in scripts {
        match json::read(&decoded(script)) {
            Ok(found) => values.extend(found),
            Err(found) => error = found,
        }
    }
    if values.is_empty() { Err(error) } else { Ok(values) }
}

/// Returns the contents of the scripts with JSON-LD.
fn scripts(page: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), page);
    while let Some(at) = rest.find('<') {
        rest = rest.get(at + 1..).unwrap_or_default();
        if !rest.get(.."script".len()).is_some_and(|name| name.eq_ignore_ascii_case("script")) {
            continue;
        }
        let Some((attributes, content)) = rest.split_once('>') else { break };
        let after = after_element(content, "script");
        let attributes = html_escape::decode_html_entities(attributes).to_ascii_lowercase();
        if attributes.contains("ld+json") {
            let inside = content.get(..content.len() - after.len()).unwrap_or(content);
            let end = inside.rfind("</").filter(|_| !after.is_empty() || inside.trim_end().ends_with('>'));
            found.push(end.and_then(|end| inside.get(..end)).unwrap_or(inside));
        }
        rest = after;
    }
    found
}

/// Decodes JSON whose quotes are entities.
fn decoded(text: &str) -> Cow<'_, str> {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '{' | '['));
    let is_encoded = ["&quot;", "&#34;", "&#x22;", "&#034;"].iter().any(|quote| start.starts_with(quote));
    if is_encoded { html_escape::decode_html_entities(text) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(document: &str) -> Vec<String> {
        let values = read(document).unwrap_or_default();
        values.iter().filter_map(|value| value.get("name")?.text()).map(str::to_owned).collect()
    }

    #[test]
    fn scripts_of_a_page_are_read() {
        let page = r#"<!DOCTYPE html><html><head><script>var a = "<script>";</script>
            <script type='application/ld+json'>{"name": "One"}</script>
            <SCRIPT data-x type="application/ld&#x2B;json">{"name": "Two"}</SCRIPT>
            <script type="application/ld+json">{"name": </script></head></html>"#;
        assert_eq!(names(page), ["One", "Two"]);
        assert_eq!(names(r#"<script type="application/ld+json">{"name": "One"}"#), ["One"]);
        assert_eq!(read("<html><p>Pears</p></html>"), Err(ImportError::NotJson));
    }

    #[test]
    fn a_document_without_tags_is_json() {
        assert_eq!(names(r#"{"name": "One"}"#), ["One"]);
        assert_eq!(names(r#"<!-- {"name": "One"} -->"#), ["One"]);
        assert_eq!(names("{&quot;name&quot;: &quot;One&quot;}"), ["One"]);
    }

    #[test]
    fn a_large_document_is_refused() {
        assert_eq!(read(&" ".repeat(MOST_BYTES + 1)), Err(ImportError::TooLarge));
    }
}
