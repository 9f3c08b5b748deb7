//! How a code is shared: the method, the source, and what the client adds.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};
use prost_types::Struct;
use prost_types::value::Kind;
use serde_json::{Map, Number, Value};
use strum::{EnumIter, EnumString, IntoEnumIterator as _, IntoStaticStr};

use super::code::Code;

/// The largest metadata, in bytes of JSON.
const MAX_METADATA: usize = 4 * 1024;
/// The most levels of metadata, its own included.
const MAX_LEVELS: usize = 3;

/// How a code reaches the person who is referred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    Code,
    Link,
    QrCode,
    ContactShare,
}

/// Where a code is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    AppShare,
    Sms,
    Email,
    Social,
}

orchard_db::text_column!(Method);
orchard_db::text_column!(Source);
orchard_rpc::wire_enum!(Method <=> pb::ReferralMethod: Code, Link, QrCode, ContactShare);
orchard_rpc::wire_enum!(Source <=> pb::ReferralSource: AppShare, Sms, Email, Social);

/// How a code is shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sharing {
    pub method: Option<Method>,
    pub source: Option<Source>,
    /// What the client adds, an object.
    pub metadata: Option<Value>,
}

impl Sharing {
    /// Reads the three fields of a request.
    pub fn read(fields: &mut Fields, method: i32, source: i32, metadata: Option<&Struct>) -> Result<Self, Invalid> {
        let method = fields.read("referral_method", read::optional_enumeration(method));
        let source = fields.read("referral_source", read::optional_enumeration(source));
        let metadata = fields.read("metadata", metadata.map(read_metadata).transpose());
        Ok(Self { method: method?, source: source?, metadata: metadata? })
    }
}

/// Returns the link to a code for each method. `base` has no slash at its end.
pub fn links(base: &str, code: &Code) -> Vec<pb::ReferralLink> {
    let link = |method: Method| {
        let name: &'static str = method.into();
        pb::ReferralLink { referral_method: method.into(), url: format!("{base}/{}?method={name}", code.as_str()) }
    };
    Method::iter().map(link).collect()
}

/// Returns stored metadata as it is sent.
pub fn metadata_to_wire(metadata: Value) -> Option<Struct> {
    match to_wire(metadata) {
        Kind::StructValue(object) => Some(object),
        _ => None,
    }
}

fn read_metadata(metadata: &Struct) -> Result<Value, String> {
    let value = from_struct(metadata, MAX_LEVELS)?;
    let bytes = value.to_string().len();
    if bytes > MAX_METADATA {
        return Err(format!("must have at most {MAX_METADATA} bytes as JSON, not {bytes}"));
    }
    Ok(value)
}

fn from_struct(object: &Struct, levels: usize) -> Result<Value, String> {
    let inner = levels.checked_sub(1).ok_or_else(|| format!("must have at most {MAX_LEVELS} levels"))?;
    let read = |(name, value): (&String, &prost_types::Value)| {
        check_text(name)?;
        Ok((name.clone(), from_value(value, inner)?))
    };
    object.fields.iter().map(read).collect::<Result<Map<_, _>, String>>().map(Value::Object)
}

fn from_value(value: &prost_types::Value, levels: usize) -> Result<Value, String> {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Ok(Value::Null),
        Some(Kind::BoolValue(value)) => Ok(Value::Bool(*value)),
        Some(Kind::NumberValue(number)) => {
            Number::from_f64(*number).map(Value::Number).ok_or_else(|| format!("must have finite numbers, not {number}"))
        }
        Some(Kind::StringValue(text)) => check_text(text).map(|()| Value::String(text.clone())),
        Some(Kind::StructValue(object)) => from_struct(object, levels),
        Some(Kind::ListValue(list)) => {
            let inner = levels.checked_sub(1).ok_or_else(|| format!("must have at most {MAX_LEVELS} levels"))?;
            list.values.iter().map(|value| from_value(value, inner)).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
    }
}

/// PostgreSQL stores every character in JSON but this one.
fn check_text(text: &str) -> Result<(), String> {
    if text.contains('\0') { Err("must not have NUL characters".to_owned()) } else { Ok(()) }
}

fn to_wire(value: Value) -> Kind {
    let wrap = |value| prost_types::Value { kind: Some(to_wire(value)) };
    match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => Kind::ListValue(prost_types::ListValue { values: values.into_iter().map(wrap).collect() }),
        Value::Object(fields) => {
            Kind::StructValue(Struct { fields: fields.into_iter().map(|(name, value)| (name, wrap(value))).collect() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wire(value: Value) -> Struct {
        metadata_to_wire(value).expect("an object")
    }

    #[test]
    fn metadata_is_read_as_it_is_sent() {
        for metadata in [json!({}), json!({"campaign": "spring", "arm": 2.0, "tags": ["a", null, true], "more": {"x": {}}})] {
            assert_eq!(read_metadata(&wire(metadata.clone())), Ok(metadata));
        }
    }

    #[test]
    fn metadata_has_a_size_and_levels() {
        let sized = |length: usize| json!({"a": "x".repeat(length)});
        assert!(read_metadata(&wire(sized(MAX_METADATA - 8))).is_ok());
        for bad in
            [sized(MAX_METADATA - 7), json!({"a": {"b": {"c": {}}}}), json!({"a": [[[]]]}), json!({"a\0": 1}), json!({"a": "\0"})]
        {
            assert!(read_metadata(&wire(bad.clone())).is_err(), "{bad}");
        }
        let infinite = prost_types::Value { kind: Some(Kind::NumberValue(f64::INFINITY)) };
        assert!(read_metadata(&Struct { fields: [("a".to_owned(), infinite)].into() }).is_err());
    }

    #[test]
    fn each_method_has_a_link() {
        let links = links("https://orchard.example/join", &Code::from("CDFG2345".to_owned()));
        let urls: Vec<&str> = links.iter().map(|link| link.url.as_str()).collect();
        assert_eq!((urls.len(), urls[2]), (4, "https://orchard.example/join/CDFG2345?method=qr_code"));
    }
}
