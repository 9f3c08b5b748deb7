//! What crosses the wire besides messages: refusals, field violations, page tokens, field masks, well-known types.

mod deadline;
mod durations;
mod fields;
mod money;
mod page;
pub mod read;
mod refusal;
mod time;
pub mod timeout;
pub mod trace;

pub use deadline::Deadline;
pub use durations::{Durations, code_name};
pub use fields::{Fields, Refused, Violations};
pub use money::Currency;
pub use page::{Page, PageKey, PageRequest, open, seal};
pub use refusal::{Reason, Refusal, common, overloaded};
pub use time::{date_to_wire, timestamp_to_wire};

/// Metadata key in which a service that acts for a user passes that user's token beside its own.
pub const USER_TOKEN: &str = "x-orchard-user-token";
