//! Calls another service: deadline, trace, tokens, retries, balancing over its replicas, circuit breaking.
//!
//! [`Upstream`] is what generated clients are made of. A call on it is `call.rs`, from top to bottom: the deadline is taken from the
//! call that is being served (`deadline.rs`), the breaker lets an attempt through or not (`breaker.rs`), the balancer picks a
//! replica (`balance.rs`, `replica.rs`), and how the attempt ended decides whether there is another (`retry.rs`).

mod answer;
mod balance;
mod breaker;
mod call;
mod callee;
mod connection;
mod credentials;
mod deadline;
mod keeper;
mod methods;
mod observe;
mod options;
mod refusals;
mod replica;
mod resolve;
mod rest;
mod retry;
mod trace;
mod upstream;
mod workload;

pub use answer::Answer;
pub use credentials::{Credentials, Unsendable};
pub use options::{CallOptions, Calls, InvalidCalls};
pub use resolve::{Resolve, SystemResolver};
pub use upstream::{Authorized, Builder, InvalidUpstream, Upstream};
pub use workload::{InvalidKey, Workload};
