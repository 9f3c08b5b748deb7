//! What services share on the wire: refusals, field violations, page tokens, field masks, well-known types, deadlines, traces.

mod deadline;
mod durations;
mod fields;
mod money;
mod page;
pub mod read;
mod refusal;
mod seal;
pub mod status;
mod text;
mod time;
pub mod timeout;
pub mod trace;

pub use deadline::Deadline;
pub use durations::{ByMethod, Durations};
pub use fields::{Fields, Invalid, Violations};
pub use money::Currency;
pub use page::{Page, PageKey, PageRequest};
pub use refusal::{Reason, Refusal, common, overloaded};
pub use seal::{InvalidTokenKeys, TokenKeys, open, seal};
pub use status::code_name;
pub use time::{date_to_wire, timestamp_to_wire};

/// Metadata key under which a service that acts for a user passes the user's token along with its own.
pub const USER_TOKEN: &str = "x-orchard-user-token";
