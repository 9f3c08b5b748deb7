//! What the contracts say about methods: which may be repeated, and which stream.

use std::collections::HashMap;

use prost::Message as _;
use prost_types::method_options::IdempotencyLevel;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};

/// How many messages each side of a call sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One request, one response.
    Unary,
    /// One request, many responses.
    ServerStream,
    /// Many requests.
    ClientStream,
}

/// The properties of a method that decide how it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Method {
    pub(crate) shape: Shape,
    /// Whether the method may be repeated: its `idempotency_level` is `NO_SIDE_EFFECTS` or `IDEMPOTENT`.
    pub(crate) repeatable: bool,
}

/// A method that no contract has: its messages are passed on as they come, and it is never repeated.
const UNKNOWN: Method = Method { shape: Shape::ClientStream, repeatable: false };

/// The methods of a descriptor set, by path.
#[derive(Debug)]
pub(crate) struct Methods(HashMap<String, Method>);

impl Methods {
    pub(crate) fn from_descriptors(descriptors: &[u8]) -> Result<Self, prost::DecodeError> {
        let set = FileDescriptorSet::decode(descriptors)?;
        let mut methods = HashMap::new();
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    methods.insert(path, read(method));
                }
            }
        }
        Ok(Self(methods))
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn at(&self, path: &str) -> Method {
        self.0.get(path).copied().unwrap_or(UNKNOWN)
    }
}

fn read(method: &MethodDescriptorProto) -> Method {
    let shape = match (method.client_streaming(), method.server_streaming()) {
        (false, false) => Shape::Unary,
        (false, true) => Shape::ServerStream,
        (true, _) => Shape::ClientStream,
    };
    let level = method.options.as_ref().map_or(IdempotencyLevel::IdempotencyUnknown, |options| options.idempotency_level());
    let repeatable = match level {
        IdempotencyLevel::NoSideEffects | IdempotencyLevel::Idempotent => true,
        IdempotencyLevel::IdempotencyUnknown => false,
    };
    Method { shape, repeatable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_decide_what_may_be_repeated() {
        let methods = Methods::from_descriptors(orchard_proto::DESCRIPTORS).expect("descriptors");
        let repeatable = |path: &str| methods.at(path).repeatable;
        assert!(repeatable("/orchard.family.v1.PlanService/GetPlan"));
        assert!(repeatable("/orchard.family.v1.WalletService/Spend"));
        assert!(!repeatable("/orchard.family.v1.InvitationService/CreateInvitation"));
        assert_eq!(methods.at("/orchard.family.v1.PlanService/Nope"), UNKNOWN);
        let probe = Methods::from_descriptors(orchard_testkit::probe::DESCRIPTORS).expect("descriptors");
        let watch = probe.at("/orchard.probe.v1.ProbeService/Watch");
        assert_eq!(watch, Method { shape: Shape::ServerStream, repeatable: true });
        let write = probe.at("/orchard.probe.v1.ProbeService/Write");
        assert_eq!(write, Method { shape: Shape::Unary, repeatable: false });
    }
}
