//! What a slice has decided to do at another service, until it is done.
//!
//! A slice records an intent in the transaction that decides on it ([`open`]), and writes down each answer in a transaction that names the
//! next step ([`advance`]) or ends the intent ([`close`]). The call that made the decision goes on at once. If it does not come to an end,
//! because its process was killed or an answer was lost, a [`Worker`] of any replica makes further attempts. Attempts may overlap, so each
//! step must be one that the other service recognizes when it is repeated, and each transaction must check that the step is still the one
//! whose answer it writes down.
//!
//! The table is created by this crate's [`migrations`].

mod api;
mod error;
mod gauges;
pub mod migrations;
mod schema;
mod store;
mod wire;
mod worker;

pub use api::{IntentOperations, service};
pub use store::{Intent, advance, any_open, close, failures, open, step_of};
pub use worker::{Handler, Undone, Worker};

/// The full name of the service for operators.
pub use orchard_proto::intents::v1::intent_service_server::SERVICE_NAME as INTENTS;
