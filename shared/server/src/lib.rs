//! Runs a service: settings, listener, steps of a call, identity, access, health, reflection, telemetry, drain.

mod access;
mod admin;
mod ask;
mod bound;
mod calls;
mod cli;
mod deadline;
mod duration;
mod elements;
mod errors;
mod framing;
mod guard;
mod health;
mod identity;
mod limits;
mod listener;
mod options;
mod process;
mod rates;
mod reflection;
mod server;
mod shares;
mod shed;
mod slice;
mod steps;
mod stream;
mod telemetry;
mod token_keys;
mod web;

pub use access::{AccessError, AccessTable};
pub use ask::{HealthOptions, ask};
pub use bound::Bound;
pub use cli::{Serve, SliceCommand, health_to_end, run_to_end, work_to_end};
pub use duration::duration;
pub use health::{LIVENESS, Readiness};
pub use identity::{Caller, CallerError, Clock, IdentityOptions, InvalidJwksUrl, JwksUrl, Role, User};
pub use limits::LimitOptions;
pub use options::{DatabaseOptions, ServeOptions, secret};
pub use rates::{Proxy, RateClock, RateOptions};
pub use server::Server;
pub use slice::{Parts, Slice, slice_server};
pub use telemetry::metrics::Gauges;
pub use telemetry::{LogFormat, TraceOptions};
pub use web::{Web, WebOptions, WebOrigin};

/// The largest request that a service reads, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
