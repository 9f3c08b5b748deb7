//! Requests whose scalars are at the ends of their ranges and beyond, for every method of a contract.
//!
//! A request is filled with plausible values first, so that it passes the reader and reaches the rules and the database; then one scalar
//! at a time becomes extreme.

use anyhow::Context as _;
use chrono::{Datelike as _, NaiveDate, Utc};
use prost::Message as _;
use prost_reflect::{Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor, Value};
use tonic::Code;

use crate::client::Client;
use crate::matrix::{Method, call, methods};

/// Messages within messages that are filled. `google.protobuf.Struct` contains itself.
const DEPTH: usize = 6;

const MASK: &str = "google.protobuf.FieldMask";
/// The variation that varies nothing.
const WHOLE: &str = "every field";

/// What a method is tried on.
pub struct Fixture {
    /// Callers. The first that the method admits calls it.
    pub clients: Vec<Client>,
    /// Values that the reader takes and the generated ones are not, by the field's name or the last parts of its full
    /// name, such as the id of a plan that exists. The first that fits is taken.
    pub known: Vec<(&'static str, String)>,
}

/// Calls every method of a package with every extreme value, each method on a new fixture, and says which answers are a service's own
/// fault, which is never right for what a client sent, and which methods were
/// never read, so that no rule was tried.
pub async fn findings(
    descriptors: &[u8],
    package: &str,
    fixture: impl AsyncFn() -> anyhow::Result<Fixture>,
) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for method in methods(descriptors, package)? {
        let Fixture { clients, known } = fixture().await?;
        let client = admitted(&clients, &method).await.with_context(|| format!("nobody may call {}", method.name))?;
        let (mut is_read, mut last) = (false, None);
        for choice in 0..choices(&method.input, DEPTH) {
            let named = named(&method.input, choice);
            for (what, request) in variations(&plausible(&method.input, &known, choice, DEPTH)) {
                // Fields that the mask does not name are not read.
                if what != WHOLE && named.as_ref().is_some_and(|path| !what.contains(path)) {
                    continue;
                }
                let answer = call(client, &method, request.encode_to_vec()).await;
                is_read |= what == WHOLE && !answer.as_ref().is_err_and(|status| status.code() == Code::InvalidArgument);
                let Err(status) = answer else { continue };
                if [Code::Internal, Code::Unknown, Code::Unavailable, Code::DataLoss].contains(&status.code()) {
                    findings.push(format!("{} with {what}: {:?}: {}", method.name, status.code(), status.message()));
                }
                last = last.or_else(|| Some(status.message().to_owned()).filter(|_| what == WHOLE));
            }
        }
        if !is_read {
            findings.push(format!("{} is never read, so that no rule is tried: {last:?}", method.name));
        }
    }
    Ok(findings)
}

/// Returns the first client that a method admits.
async fn admitted<'a>(clients: &'a [Client], method: &Method) -> Option<&'a Client> {
    for client in clients {
        if !call(client, method, Vec::new()).await.is_err_and(|status| status.code() == Code::PermissionDenied) {
            return Some(client);
        }
    }
    None
}

/// Returns how many requests it takes to fill each member of each oneof once, and to name each field in a mask once.
fn choices(message: &MessageDescriptor, depth: usize) -> usize {
    let own = message.oneofs().map(|oneof| oneof.fields().len()).max().unwrap_or(1).max(paths(message).len());
    let inner = message.fields().filter_map(|field| match field.kind() {
        Kind::Message(inner) if depth > 0 => Some(choices(&inner, depth - 1)),
        _ => None,
    });
    inner.max().unwrap_or(1).max(own)
}

/// Returns a request in which every field has a value that its reader could take.
fn plausible(descriptor: &MessageDescriptor, known: &[(&'static str, String)], choice: usize, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    let is_chosen = |oneof: OneofDescriptor, field: &FieldDescriptor| {
        oneof.fields().nth(choice % oneof.fields().len()).is_some_and(|chosen| chosen == *field)
    };
    let named = named(descriptor, choice);
    for field in descriptor.fields() {
        if field.containing_oneof().is_some_and(|oneof| !is_chosen(oneof, &field)) || field.is_map() {
            continue;
        }
        let given = known
            .iter()
            .find(|(name, _)| field.full_name().ends_with(&format!(".{name}")))
            .map(|(_, value)| given(&field, value));
        let value = given.or_else(|| match field.kind() {
            Kind::Message(inner) if inner.full_name() == MASK => {
                let mut mask = DynamicMessage::new(inner);
                mask.set_field_by_name("paths", Value::List(named.iter().cloned().map(Value::String).collect()));
                Some(Value::Message(mask))
            }
            Kind::Message(_) if depth == 0 => None,
            Kind::Message(inner) => Some(Value::Message(plausible(&inner, known, choice, depth - 1))),
            kind => Some(scalar(&field, &kind, choice)),
        });
        match value {
            Some(value @ Value::List(_)) => message.set_field(&field, value),
            Some(value) if field.cardinality() == Cardinality::Repeated => message.set_field(&field, Value::List(vec![value])),
            Some(value) => message.set_field(&field, value),
            None => {}
        }
    }
    message
}

/// Returns a known value as the field takes it: a number for a number, and seconds for a time.
fn given(field: &FieldDescriptor, known: &str) -> Value {
    let text = || Value::String(known.to_owned());
    match field.kind() {
        Kind::Int32 => known.parse().map_or_else(|_| text(), Value::I32),
        Kind::Message(time) => {
            let mut message = DynamicMessage::new(time);
            if let Ok(seconds) = known.parse() {
                message.set_field_by_name("seconds", Value::I64(seconds));
            }
            Value::Message(message)
        }
        _ => text(),
    }
}

/// Returns the paths that the mask of an update could name; none if the message has no mask.
fn paths(message: &MessageDescriptor) -> Vec<String> {
    let of = |field: FieldDescriptor| match field.kind() {
        Kind::Message(inner) => Some(inner),
        _ => None,
    };
    let (masks, resources): (Vec<_>, Vec<_>) = message.fields().filter_map(of).partition(|inner| inner.full_name() == MASK);
    let of_resources = resources.iter().flat_map(|resource| resource.fields()).map(|field| field.name().to_owned());
    if masks.is_empty() { Vec::new() } else { of_resources.collect() }
}

/// Returns the path that the mask names.
fn named(message: &MessageDescriptor, choice: usize) -> Option<String> {
    let paths = paths(message);
    paths.get(choice % paths.len().max(1)).cloned()
}

fn scalar(field: &FieldDescriptor, kind: &Kind, choice: usize) -> Value {
    match (kind, field.parent_message().full_name(), field.name()) {
        (_, "google.type.Date", "year") => Value::I32(today().year()),
        (_, "google.type.Date", "month") => Value::I32(today().month().cast_signed()),
        (_, "google.type.Date", "day") => Value::I32(today().day().cast_signed()),
        (_, "google.protobuf.Timestamp", "seconds") => Value::I64(1_790_000_000),
        (_, "google.protobuf.Duration", "seconds") => Value::I64(3_600),
        (_, _, "nanos") => Value::I32(0),
        (_, _, "page_token") => Value::String(String::new()),
        (_, _, "currency_code") => Value::String("EUR".to_owned()),
        (_, _, "time_zone") => Value::String("Europe/Berlin".to_owned()),
        (Kind::String, _, name) if name.ends_with("id") || name.ends_with("ids") => {
            Value::String(uuid::Uuid::new_v4().to_string())
        }
        (Kind::String, _, _) => Value::String("apple".to_owned()),
        (Kind::Bytes, ..) => Value::Bytes(prost::bytes::Bytes::from_static(b"apple")),
        (Kind::Bool, ..) => Value::Bool(true),
        (Kind::Enum(values), ..) => {
            let named: Vec<_> = values.values().map(|value| value.number()).filter(|number| *number != 0).collect();
            Value::EnumNumber(named.get(choice % named.len().max(1)).copied().unwrap_or_default())
        }
        (kind, ..) => number(kind, 1),
    }
}

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

fn number(kind: &Kind, value: i8) -> Value {
    match kind {
        Kind::Double => Value::F64(value.into()),
        Kind::Float => Value::F32(value.into()),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(value.into()),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(value.unsigned_abs().into()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(value.unsigned_abs().into()),
        _ => Value::I32(value.into()),
    }
}

/// Returns the message with one scalar at a time at each end, with each message in it missing, and with all numbers of a message at one
/// end, each with a description.
fn variations(message: &DynamicMessage) -> Vec<(String, DynamicMessage)> {
    let mut found = vec![(WHOLE.to_owned(), message.clone())];
    for (field, value) in message.fields() {
        let mut with = |what: String, value: Value| {
            let mut varied = message.clone();
            varied.set_field(&field, value);
            found.push((format!("{}{what}", field.name()), varied));
        };
        match value {
            Value::List(elements) => {
                for (what, value) in elements.first().map(|first| values(&field, first)).unwrap_or_default() {
                    with(what, Value::List(vec![value]));
                }
                with(" twice".to_owned(), Value::List([elements.as_slice(), elements.as_slice()].concat()));
            }
            value => values(&field, value).into_iter().for_each(|(what, value)| with(what, value)),
        }
        let mut without = message.clone();
        without.clear_field(&field);
        found.push((format!("no {}", field.name()), without));
    }
    for last in [false, true] {
        let mut all = message.clone();
        for (field, value) in message.fields() {
            let ends = extremes(&field, value);
            let end = if last { ends.into_iter().last() } else { ends.into_iter().next() };
            if let Some(end) = end.filter(|_| !field.is_list() && !matches!(field.kind(), Kind::String | Kind::Bytes)) {
                all.set_field(&field, end);
            }
        }
        found.push((format!("all numbers at the {} end", if last { "upper" } else { "lower" }), all));
    }
    found
}

/// Returns what a value may become.
fn values(field: &FieldDescriptor, value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Message(inner) => {
            variations(inner).into_iter().map(|(what, inner)| (format!(".{what}"), Value::Message(inner))).collect()
        }
        value => extremes(field, value).into_iter().map(|value| (format!(" = {}", brief(&value)), value)).collect(),
    }
}

/// Returns the values at and beyond the ends of a scalar's range: the lowest first, the highest last.
fn extremes(field: &FieldDescriptor, value: &Value) -> Vec<Value> {
    match value {
        Value::I32(_) => [i32::MIN, -1, 0, i32::MAX].map(Value::I32).into(),
        Value::I64(_) if field.name() == "seconds" => {
            // The range of Timestamp, that of Duration, and one beyond either.
            let ends = [-62_135_596_801, -62_135_596_800, 253_402_300_799, 253_402_300_800, -315_576_000_001, 315_576_000_001];
            let ends = ends.map(Value::I64);
            [&[Value::I64(i64::MIN)], ends.as_slice(), &[Value::I64(0), Value::I64(i64::MAX)]].concat()
        }
        Value::I64(_) => [i64::MIN, -1, 0, i64::MAX].map(Value::I64).into(),
        Value::U32(_) => [0, u32::MAX].map(Value::U32).into(),
        Value::U64(_) => [0, u64::MAX].map(Value::U64).into(),
        Value::F32(_) => [f32::NEG_INFINITY, f32::MIN, -0.0, f32::NAN, f32::MAX, f32::INFINITY].map(Value::F32).into(),
        Value::F64(_) => [f64::NEG_INFINITY, f64::MIN, -0.0, f64::NAN, f64::MAX, f64::INFINITY].map(Value::F64).into(),
        Value::EnumNumber(_) => [i32::MIN, -1, 0, i32::MAX].map(Value::EnumNumber).into(),
        Value::Bool(_) => [false, true].map(Value::Bool).into(),
        Value::String(_) => ["", "\0", " ", "\u{200b}", "\u{10ffff}", "00000000-0000-0000-0000-000000000000"]
            .map(str::to_owned)
            .into_iter()
            .chain(["a".repeat(100_000), "\u{301}".repeat(1_000)])
            .map(Value::String)
            .collect(),
        Value::Bytes(_) => [vec![], vec![0xff; 100_000]].map(|bytes| Value::Bytes(bytes.into())).into(),
        Value::Message(_) | Value::List(_) | Value::Map(_) => Vec::new(),
    }
}

fn brief(value: &Value) -> String {
    let text = format!("{value:?}");
    if text.len() <= 60 { text } else { format!("{} ({} bytes)", text.chars().take(20).collect::<String>(), text.len()) }
}
