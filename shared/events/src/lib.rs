//! Events that one slice sends to another.
//!
//! A slice publishes an event in the transaction that causes it ([`Outbox::publish`]). Its relay delivers the event by gRPC, at least once
//! and in the order of the event's aggregate. The consumer applies it in a transaction that also records the event's sequence ([`Inbox`]),
//! so each event has its effect once.
//!
//! The tables are created by this crate's [`migrations`].

mod error;
mod inbox;
pub mod migrations;
mod outbox;
mod schema;

pub use inbox::{Handler, Inbox, NotApplied};
pub use outbox::{Builder, Outbox, OutboxOperations, RelayOptions, forget, withdraw};

/// The full name of the service that receives events.
pub use orchard_proto::events::v1::inbox_service_server::SERVICE_NAME as INBOX;
/// The full name of the service for operators.
pub use orchard_proto::events::v1::outbox_service_server::SERVICE_NAME as OUTBOX;
