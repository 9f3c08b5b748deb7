//! The methods that contracts have.

use std::collections::{BTreeSet, HashSet};

use anyhow::Context as _;
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_reflect::prost_types::MethodOptions;
use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor, MethodDescriptor};

/// A method of a contract.
#[derive(Debug, Clone)]
pub struct Method {
    /// Such as `PlanService/GetPlan`.
    pub name: String,
    /// Such as `/orchard.family.v1.PlanService/GetPlan`.
    pub path: PathAndQuery,
    /// Whether it answers with a stream.
    pub streams: bool,
    /// Whether it changes nothing.
    pub reads: bool,
    /// Whether clients may send a request again, because a repetition is answered as the first was.
    pub repeats: bool,
    /// The type of its requests.
    pub input: MessageDescriptor,
    /// The type of its responses.
    pub output: MessageDescriptor,
}

impl Method {
    fn of(method: &MethodDescriptor) -> anyhow::Result<Self> {
        let service = method.parent_service();
        let path = format!("/{}/{}", service.full_name(), method.name()).parse()?;
        let name = format!("{}/{}", service.name(), method.name());
        Ok(Self {
            name,
            path,
            streams: method.is_server_streaming(),
            reads: level(method) == IdempotencyLevel::NoSideEffects,
            repeats: level(method) == IdempotencyLevel::Idempotent,
            input: method.input(),
            output: method.output(),
        })
    }
}

fn level(method: &MethodDescriptor) -> IdempotencyLevel {
    let options = MethodOptions::decode(method.options().encode_to_vec().as_slice());
    options.map_or(IdempotencyLevel::IdempotencyUnknown, |options| options.idempotency_level())
}

/// The packages that have a service.
pub fn packages(descriptors: &[u8]) -> anyhow::Result<BTreeSet<String>> {
    let pool = DescriptorPool::decode(descriptors)?;
    Ok(pool.services().map(|service| service.package_name().to_owned()).collect())
}

/// The methods of a package.
pub fn methods(descriptors: &[u8], package: &str) -> anyhow::Result<Vec<Method>> {
    of_package(descriptors, package)?.iter().map(Method::of).collect()
}

/// The methods of a package whose requests have, at whatever depth, a field of that name, such as `family_plan_id`.
pub fn naming(descriptors: &[u8], package: &str, field: &str) -> anyhow::Result<Vec<Method>> {
    let methods = of_package(descriptors, package)?;
    methods.iter().filter(|method| has(&method.input(), field, &mut HashSet::new())).map(Method::of).collect()
}

/// Methods without a row, and rows without a method. A method may have several rows, which a space tells apart:
/// `MemberService/UpdateMember of another`.
pub fn gaps<'a>(methods: &[Method], rows: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let rows: BTreeSet<&str> = rows.into_iter().map(|row| row.split_once(' ').map_or(row, |(method, _)| method)).collect();
    let methods: BTreeSet<&str> = methods.iter().map(|method| method.name.as_str()).collect();
    let without_row = methods.difference(&rows).map(|method| format!("{method} has no row"));
    let without_method = rows.difference(&methods).map(|row| format!("{row} is no method"));
    without_row.chain(without_method).collect()
}

fn of_package(descriptors: &[u8], package: &str) -> anyhow::Result<Vec<MethodDescriptor>> {
    let pool = DescriptorPool::decode(descriptors)?;
    let services = pool.services().filter(|service| service.package_name() == package);
    let methods: Vec<_> = services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    Some(methods).filter(|methods| !methods.is_empty()).with_context(|| format!("{package} has no methods"))
}

fn has(message: &MessageDescriptor, field: &str, seen: &mut HashSet<String>) -> bool {
    seen.insert(message.full_name().to_owned())
        && message.fields().any(|of_message| {
            of_message.name() == field || matches!(of_message.kind(), Kind::Message(inner) if has(&inner, field, seen))
        })
}
