//! Texts that people see: every field of every request that takes one, tried with texts that must be refused.

use std::collections::BTreeSet;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::answer::violations_of;
use crate::client::Client;
use crate::matrix::{Method, call, methods};

/// A path of fields from a request to a text.
type Path = Vec<FieldDescriptor>;

/// Texts that no field takes that people see: invisible, deceiving, unreadable, too long.
fn refused() -> Vec<String> {
    let hidden = [
        "\u{200B}",
        "\u{3164}",
        "\u{FEFF}",
        "\u{301}",
        "Al\u{200B}ice",
        "Al\u{202E}ice",
        "Al\u{AD}ice",
        "a\0b",
        "Alice\u{E0041}",
    ];
    let long = ["x".repeat(6_001), format!("a{}", "\u{301}".repeat(99))];
    hidden.into_iter().map(str::to_owned).chain(long).collect()
}

/// Calls the methods of a package with bad texts, and says which of the fields in `texts`, such as `Reward.badge`, accept one; and which
/// fields with text are neither there, nor among `others`, nor ids and page tokens by their names.
pub async fn findings(
    descriptors: &[u8],
    package: &str,
    (texts, others): (&[&str], &[&str]),
    client: impl Fn(&Method) -> anyhow::Result<Client>,
) -> anyhow::Result<Vec<String>> {
    let (mut findings, mut met) = (Vec::new(), BTreeSet::new());
    for method in methods(descriptors, package)? {
        for path in paths(&method.input, 0) {
            let Some(last) = path.last() else { continue };
            let name = format!("{}.{}", last.parent_message().name(), last.name());
            met.insert(name.clone());
            let is_id = ["_id", "_ids", "page_token"].iter().any(|end| last.name().ends_with(end));
            if texts.contains(&name.as_str()) {
                let expected = dotted(&path);
                for text in refused() {
                    let request = request(&method.input, &path, &text);
                    let answer = call(&client(&method)?, &method, prost::Message::encode_to_vec(&request)).await;
                    let named = answer.err().map(|status| (violations_of(&status), status));
                    if !named.as_ref().is_some_and(|(fields, _)| fields.contains(&expected)) {
                        findings.push(format!("{}: {expected} = {text:?} is not refused: {named:?}", method.name));
                    }
                }
            } else if !is_id && !others.contains(&name.as_str()) {
                findings.push(format!("{}: {name} is neither a text nor anything else", method.name));
            }
        }
    }
    let gone = texts.iter().chain(others).filter(|name| !met.contains(**name));
    findings.extend(gone.map(|name| format!("{name} is no field of a request")));
    Ok(findings)
}

/// Returns the paths to all fields with text.
fn paths(message: &MessageDescriptor, depth: usize) -> Vec<Path> {
    let of_field = |field: FieldDescriptor| match field.kind() {
        Kind::String => vec![vec![field]],
        Kind::Message(inner) if depth < 6 && inner.package_name().starts_with("orchard") => {
            paths(&inner, depth + 1).into_iter().map(|rest| [vec![field.clone()], rest].concat()).collect()
        }
        _ => Vec::new(),
    };
    message.fields().flat_map(of_field).collect()
}

/// Returns the path as violations name it.
fn dotted(path: &Path) -> String {
    let name = |field: &FieldDescriptor| format!("{}{}", field.name(), if field.is_list() { "[0]" } else { "" });
    path.iter().map(name).collect::<Vec<_>>().join(".")
}

/// Returns a request that has nothing but a text, and names it in its mask if it has one.
fn request(input: &MessageDescriptor, path: &[FieldDescriptor], text: &str) -> DynamicMessage {
    let mut request = holding(input, path, text);
    if let (Some(mask), Some(changed)) = (input.get_field_by_name("update_mask"), path.get(1))
        && let Kind::Message(of_mask) = mask.kind()
    {
        let mut named = DynamicMessage::new(of_mask);
        named.set_field_by_name("paths", Value::List(vec![Value::String(changed.name().to_owned())]));
        request.set_field(&mask, Value::Message(named));
    }
    request
}

fn holding(of: &MessageDescriptor, path: &[FieldDescriptor], text: &str) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    if let Some((field, rest)) = path.split_first() {
        let value = match field.kind() {
            Kind::Message(inner) => Value::Message(holding(&inner, rest, text)),
            _ => Value::String(text.to_owned()),
        };
        message.set_field(field, if field.is_list() { Value::List(vec![value]) } else { value });
    }
    message
}
