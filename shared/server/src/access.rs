//! The access table: who may call which method, as the contracts say.

use std::collections::{HashMap, HashSet};

use orchard_proto::access::v1::{Access, Caller as Kind};
use prost::Message as _;
use prost_reflect::{DescriptorPool, ExtensionDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor};

use crate::identity::{Caller, Role};

const OPTION: &str = "orchard.access.v1.access";

/// Why a service does not start: its contracts do not say who may call it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The descriptors cannot be read, or do not define the access option.
    #[error("cannot read the contracts: {0}")]
    Descriptors(String),
    /// A method has no access option, or its option admits no caller.
    #[error("{0} does not say who may call it: it needs option ({OPTION})")]
    Open(String),
}

/// The callers that each method admits, by the method's path.
#[derive(Debug, Clone, Default)]
pub struct AccessTable(HashMap<String, Rule>);

#[derive(Debug, Clone)]
struct Rule {
    request: MessageDescriptor,
    kinds: HashSet<Kind>,
    services: HashSet<String>,
    streams_requests: bool,
    streams: bool,
}

/// The prefix of reflection's paths. Reflection is not in the table.
const REFLECTION: &str = "/grpc.reflection.";
/// The paths of reflection.
pub(crate) const REFLECTION_PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

impl AccessTable {
    /// Builds the table of all methods of `served`, which names packages or single services, from an encoded descriptor set.
    pub fn from_descriptors(descriptors: &[u8], served: &[&str]) -> Result<Self, AccessError> {
        let pool = DescriptorPool::decode(descriptors).map_err(|error| AccessError::Descriptors(error.to_string()))?;
        let option =
            pool.get_extension_by_name(OPTION).ok_or_else(|| AccessError::Descriptors(format!("{OPTION} is not defined")))?;
        let mut table = HashMap::new();
        let is_served =
            |service: &ServiceDescriptor| [service.package_name(), service.full_name()].iter().any(|name| served.contains(name));
        for service in pool.services().filter(is_served) {
            for method in service.methods() {
                let rule = rule(&method, &option).ok_or_else(|| AccessError::Open(method.full_name().to_owned()))?;
                table.insert(format!("/{}/{}", service.full_name(), method.name()), rule);
            }
        }
        Ok(Self(table))
    }

    /// Removes the methods that only services may call, which a front door hides.
    #[must_use]
    pub fn without_service_only(mut self) -> Self {
        self.0.retain(|_, rule| !rule.kinds.iter().all(is_service));
        self
    }

    /// Returns the paths of all methods.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns whether there is a method at `path`.
    pub fn contains(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Returns whether the method at `path` has a stream of requests.
    pub(crate) fn streams_requests(&self, path: &str) -> bool {
        self.0.get(path).map_or_else(|| is_reflection(path), |rule| rule.streams_requests)
    }

    /// Returns whether the method at `path` has a stream of requests or responses.
    pub(crate) fn streams(&self, path: &str) -> bool {
        self.0.get(path).map_or_else(|| is_reflection(path), |rule| rule.streams)
    }

    /// Returns the type of the requests of the method at `path`.
    pub(crate) fn request(&self, path: &str) -> Option<&MessageDescriptor> {
        self.0.get(path).map(|rule| &rule.request)
    }

    /// Returns whether the method at `path` needs no token.
    pub(crate) fn is_public(&self, path: &str) -> bool {
        self.0.get(path).is_some_and(|rule| rule.kinds.contains(&Kind::Public))
    }

    /// Returns whether the method at `path` admits `caller`.
    pub(crate) fn admits(&self, path: &str, caller: &Caller) -> bool {
        self.0.get(path).is_some_and(|rule| rule.admits(caller))
    }
}

fn is_service(kind: &Kind) -> bool {
    matches!(kind, Kind::Service | Kind::ServiceForUser)
}

/// Returns whether `path` belongs to gRPC reflection.
pub(crate) fn is_reflection(path: &str) -> bool {
    path.starts_with(REFLECTION)
}

impl Rule {
    fn admits(&self, caller: &Caller) -> bool {
        self.kinds.iter().any(|kind| match kind {
            Kind::Unspecified => false,
            Kind::Public => true,
            Kind::User => caller.user.is_some(),
            Kind::Moderator => caller.user.as_ref().is_some_and(|user| user.roles.contains(&Role::Moderator)),
            Kind::Operator => caller.user.as_ref().is_some_and(|user| user.roles.contains(&Role::Operator)),
            Kind::Service => caller.service.as_ref().is_some_and(|name| self.services.contains(name)),
            Kind::ServiceForUser => {
                caller.user.is_some() && caller.service.as_ref().is_some_and(|name| self.services.contains(name))
            }
        })
    }
}

fn rule(method: &MethodDescriptor, option: &ExtensionDescriptor) -> Option<Rule> {
    let options = method.options();
    let value = options.get_extension(option);
    let access = Access::decode(value.as_message()?.encode_to_vec().as_slice()).ok()?;
    let kinds: HashSet<Kind> = access.callers().collect();
    let services: HashSet<String> = access.services.into_iter().collect();
    // An option must name services if it admits services, and only then. Anything else is a mistake.
    let names_services = kinds.iter().any(is_service) != services.is_empty();
    let closed = !kinds.is_empty() && !kinds.contains(&Kind::Unspecified) && names_services;
    let streams_requests = method.is_client_streaming();
    let streams = streams_requests || method.is_server_streaming();
    closed.then(|| Rule { request: method.input(), kinds, services, streams_requests, streams })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::User;
    use orchard_proto::DESCRIPTORS;

    const SPEND: &str = "/orchard.family.v1.WalletService/Spend";
    const HOLD: &str = "/orchard.family.v1.HoldService/CreateHold";
    const DEPOSIT: &str = "/orchard.family.v1.WalletService/Deposit";

    #[test]
    fn a_service_may_call_only_methods_that_name_it() {
        let table = AccessTable::from_descriptors(DESCRIPTORS, &["orchard.family.v1"]).expect("table");
        let service = |name: &str| Caller { user: None, service: Some(name.to_owned()) };
        assert!(table.admits(DEPOSIT, &service("billing")));
        assert!(!table.admits(DEPOSIT, &service("edge")));
        assert!(!table.admits(SPEND, &service("billing")));
        let user = User { id: uuid::Uuid::from_u128(1), roles: Vec::new(), token: String::new() };
        assert!(!table.admits(HOLD, &service("consultation")), "on behalf of no user");
        assert!(table.admits(HOLD, &Caller { user: Some(user.clone()), ..service("consultation") }));
        assert!(!table.admits(HOLD, &Caller { user: Some(user), ..service("edge") }));
        assert!(table.contains(HOLD) && !table.clone().without_service_only().contains(HOLD));
        assert!(!table.contains("/orchard.social.v1.ProfileService/GetProfile"));
        assert!(table.contains(DEPOSIT) && !table.without_service_only().contains(DEPOSIT));
    }

    #[test]
    fn a_method_without_an_access_option_is_refused() {
        // prost's own types drop custom options, as a careless build would.
        let set = prost_types::FileDescriptorSet::decode(DESCRIPTORS).expect("set").encode_to_vec();
        let refused = AccessTable::from_descriptors(&set, &["orchard.family.v1"]);
        assert!(matches!(refused, Err(AccessError::Open(_))), "{refused:?}");
    }
}
