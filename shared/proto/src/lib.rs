//! The contracts of the suite: generated messages, clients and servers, and their descriptors.

#[expect(missing_docs, reason = "modules, clients and servers are generated without documentation of their own")]
mod generated {
    tonic::include_proto!("orchard");
}

pub use generated::google;
pub use generated::orchard::{access, consultation, edge, events, family, privacy, recipe, rpc, social};

/// The encoded `google.protobuf.FileDescriptorSet` of all contracts and their imports, custom options and comments included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/orchard.bin"));
