//! Who calls, as verified tokens say; nothing else is believed.

mod bearer;
mod cache;
mod caller;
mod clock;
mod keyring;
mod keys;
mod options;
mod source;
mod verifier;

pub use caller::{Caller, CallerError, Role, User};
pub use clock::Clock;
pub use options::{IdentityOptions, InvalidJwksUrl, JwksUrl};
pub(crate) use verifier::Verifier;
