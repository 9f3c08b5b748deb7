//! Addresses of photos.

use crate::graph::Graph;
use crate::report::Report;
use crate::value::Value;

/// The most characters of an address.
const LONGEST: usize = 500;

/// Returns the first address of a photo that may be shown. The others are reported.
pub(crate) fn image_url(graph: &Graph, value: &Value, report: &mut Report) -> Option<String> {
    let images = graph.values(value);
    let addresses: Vec<_> = images.iter().map(|image| address(graph, image)).collect();
    let chosen = addresses.iter().flatten().next().cloned();
    if chosen.is_none() && !images.is_empty() || addresses.iter().any(|address| *address != chosen) {
        report.drop("image");
    }
    chosen
}

fn address(graph: &Graph, image: &Value) -> Option<String> {
    if let Some(text) = image.text() {
        return https(text);
    }
    let addresses = ["url", "contentUrl"].iter().flat_map(|name| graph.texts(image.get(name)));
    // The identifier of an image may be its address; one with a fragment is a place in a page.
    let identifiers = graph.texts(image.get("@id")).into_iter().filter(|id| !id.contains('#'));
    addresses.chain(identifiers).find_map(https)
}

/// Returns an address if it is a whole one with `https`, or one without a scheme, which is that of the page.
fn https(text: &str) -> Option<String> {
    let decoded = html_escape::decode_html_entities(text.trim());
    let address = if decoded.starts_with("//") { format!("https:{decoded}") } else { decoded.into_owned() };
    let (scheme, rest) =
        address.split_at_checked("https://".len()).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("https://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let port_is_number =
        authority.strip_prefix(host).is_some_and(|port| port.trim_start_matches(':').bytes().all(|byte| byte.is_ascii_digit()));
    let is_host = host.contains('.')
        && !host.starts_with(['.', '-'])
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let is_clean = !rest.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\' | '`'));
    let fits = address.chars().count() <= LONGEST;
    (is_host && port_is_number && is_clean && fits).then(|| format!("{}{rest}", scheme.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_its_address_or_identifier() {
        let table = [
            (r#"{"@id": "https://example.org/p.jpg"}"#, Some("https://example.org/p.jpg")),
            (r#"{"@id": "https://example.org/#primaryimage"}"#, None),
            (r#"{"@id": "https://example.org/#i", "url": ["", "https://example.org/p.jpg"]}"#, Some("https://example.org/p.jpg")),
        ];
        for (document, expected) in table {
            let documents = crate::json::read(document).expect("a document");
            assert_eq!(address(&Graph::of(&documents), &documents[0]).as_deref(), expected, "{document}");
        }
    }

    #[test]
    fn only_whole_https_addresses_are_taken() {
        let table = [
            ("https://example.org/p.jpg", Some("https://example.org/p.jpg")),
            ("HTTPS://example.org:8443/p.jpg", Some("https://example.org:8443/p.jpg")),
            ("//example.org/p.jpg?w=1&amp;h=2", Some("https://example.org/p.jpg?w=1&h=2")),
            (" https://example.org/ü.jpg ", Some("https://example.org/ü.jpg")),
            ("http://example.org/p.jpg", None),
            ("/p.jpg", None),
            ("data:image/png;base64,AAAA", None),
            ("javascript:alert(1)", None),
            ("https://user:pw@example.org/p.jpg", None),
            ("https://localhost/p.jpg", None),
            ("https:///p.jpg", None),
            ("https://example.org/a b.jpg", None),
            ("https://example.org/\"onerror=", None),
            ("https://example.org:x/p.jpg", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(https(text).as_deref(), expected, "{text}");
        }
        assert_eq!(https(&format!("https://example.org/{}", "a".repeat(500))), None);
    }
}
