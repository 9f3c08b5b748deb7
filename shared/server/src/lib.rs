//! Runs a service: configuration, listener, layers, identity, access, health, reflection, drain.

mod access;
mod admin;
mod ask;
mod calls;
mod cli;
mod deadline;
mod errors;
mod guard;
mod health;
mod identity;
mod limits;
mod listener;
mod options;
mod reflection;
mod run;
mod shed;
mod steps;
mod stream;
mod telemetry;

pub use access::{AccessError, AccessTable};
pub use ask::{HealthOptions, ask};
pub use cli::{Parts, Serve, Slice, SliceCommand, health_to_end, run_to_end, slice_server};
pub use health::{LIVENESS, Readiness};
pub use identity::{Caller, CallerError, Clock, IdentityOptions, InvalidJwksUrl, JwksUrl, Role, User};
pub use limits::LimitOptions;
pub use options::{DatabaseOptions, ServeOptions, Text, duration, secret};
pub use run::{Bound, Server};
pub use telemetry::metrics::Gauges;
pub use telemetry::{LogFormat, TraceOptions};

/// Longest request that a service reads, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
