//! What services share on the wire: refusals, field violations, page tokens, field masks, well-known types, deadlines, traces.

mod deadline;
mod durations;
mod fields;
mod money;
mod page;
pub mod read;
mod reason;
mod refusal;
mod seal;
pub mod status;
mod supervise;
mod text;
mod time;
pub mod timeout;
pub mod trace;
mod wire_enum;
pub mod zone;

pub use deadline::Deadline;
pub use durations::{ByMethod, Durations};
pub use fields::{Fields, Invalid, Violations};
pub use money::Currency;
pub use page::{Page, PageKey, PageRequest};
pub use reason::{Reason, reason};
pub use refusal::{Refusal, beyond_share, common, overloaded, unanswered};
pub use seal::{InvalidTokenKeys, TokenKeys, open, seal};
pub use status::code_name;
pub use supervise::supervise;
pub use time::{date_to_wire, timestamp_to_wire};
pub use zone::Zone;

/// What a method of a gRPC service returns.
pub type Answer<T> = Result<tonic::Response<T>, tonic::Status>;

/// Metadata key under which a service that acts for a user passes the user's token along with its own.
pub const USER_TOKEN: &str = "x-orchard-user-token";

/// The most bytes of a call's metadata, as HTTP/2 counts them: name and value of each entry, and 32. Services accept 1 KiB more, which
/// leaves room for the path and the deadline.
pub const MAX_METADATA_BYTES: usize = 31 * 1024;

/// Returns the size of metadata as HTTP/2 counts it.
pub fn metadata_bytes(headers: &http::HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}
