//! What one slice tells another: outbox, relay, inbox.
//!
//! A slice publishes an event in the transaction in which it happens ([`Outbox::publish`]); its relay delivers it by gRPC, at least
//! once, and in the order of its aggregate; the consumer applies it in a transaction that remembers how far it is ([`Inbox`]), so that
//! each effect happens once.

mod error;
mod inbox;
pub mod migrations;
mod outbox;
mod schema;

pub use inbox::{Handler, Inbox, NotApplied};
pub use outbox::{Builder, Outbox, OutboxOperations, RelayOptions, forget};

/// The service that is told of events, by its full name.
pub use orchard_proto::events::v1::inbox_service_server::SERVICE_NAME as INBOX;
/// The service for operators, by its full name.
pub use orchard_proto::events::v1::outbox_service_server::SERVICE_NAME as OUTBOX;
