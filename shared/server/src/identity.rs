//! The identity of callers. It comes from verified tokens and nothing else.

mod cache;
mod caller;
mod clock;
mod keyring;
mod keys;
mod options;
mod source;
mod subject;
mod verifier;

pub use caller::{Caller, CallerError, Role, User};
pub use clock::Clock;
pub use options::{IdentityOptions, InvalidJwksUrl, JwksUrl};
pub(crate) use verifier::Verifier;
