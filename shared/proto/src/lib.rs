//! The contracts of the suite, in `proto/`: generated messages, clients and servers, and their descriptors.

#[expect(missing_docs, reason = "generated modules, clients and servers have no documentation")]
mod generated {
    tonic::include_proto!("orchard");
}

pub use generated::google;
pub use generated::orchard::{access, consultation, edge, events, family, intents, privacy, recipe, rpc, social};

/// The encoded `google.protobuf.FileDescriptorSet` of all contracts and their imports, with custom options and comments.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/orchard.bin"));
