//! Calls other services: deadlines, traces, tokens, retries, load balancing over replicas, circuit breaking.
//!
//! Generated clients run on [`Upstream`]. A call takes the steps of `call.rs`: its deadline derives from the call being served
//! (`deadline.rs`), the balancer picks a replica whose circuit breaker admits the attempt (`balance.rs`, `replica.rs`, `breaker.rs`), the
//! attempt takes a place on a connection (`pool.rs`), and its end tells something of the replica's health (`health.rs`) and decides whether
//! there is another one (`retry.rs`).

mod answer;
mod attempt;
mod background;
mod backoff;
mod balance;
mod breaker;
mod call;
mod callee;
mod connection;
mod credentials;
mod deadline;
mod health;
mod methods;
mod observe;
mod options;
mod pool;
mod refusals;
mod replica;
mod resolve;
mod retry;
mod upstream;
mod workload;

pub use answer::Answer;
pub use credentials::{Credentials, Unsendable};
pub use options::{CallOptions, Calls, InvalidCalls};
pub use resolve::{Resolve, SystemResolver};
pub use upstream::{Authorized, Builder, InvalidUpstream, Upstream};
pub use workload::{InvalidKey, Workload};
