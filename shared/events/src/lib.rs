//! What one slice tells another: outbox, relay, inbox.
//!
//! A slice publishes an event in the transaction in which it happens ([`Outbox::publish`]); its relay delivers it by gRPC, at least
//! once, and in the order of its aggregate; the consumer applies it in a transaction that remembers how far it is ([`Inbox`]), so that
//! each effect happens once.

mod error;
mod inbox;
mod outbox;
mod schema;

pub use inbox::{Handler, Inbox, NotApplied};
pub use outbox::{Builder, Outbox, OutboxOperations, RelayOptions};

/// The package of the services that deliver events and look after them.
pub const PACKAGE: &str = "orchard.events.v1";
