//! Every way in which a call to this slice can be refused, and what its caller is told.

use orchard_db::{Failure, UnitError};
use orchard_proto::recipe::v1::ErrorReason;
use orchard_rpc::{Refusal, Violations, reason_name};
use tonic::{Code, Status};

/// Domain of this slice's reasons.
pub const DOMAIN: &str = "orchard.recipe";

/// A refused call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request.
    #[error("{0}")]
    Fields(#[from] Violations),
    /// No such recipe for this caller.
    #[error("no such recipe")]
    RecipeNotFound,
    /// The caller was erased.
    #[error("the user was erased")]
    UserErased,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Failure),
}

impl UnitError for Error {
    fn failure(&self) -> Option<&Failure> {
        if let Self::Database(failure) = self { Some(failure) } else { None }
    }
}

/// No constraint of this slice can be broken by what its callers send: each has a reader that refuses first.
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason_name(reason.as_str_name()), message);
        let refusal = match error {
            Error::Fields(violations) => violations.into(),
            Error::Database(failure) => failure.into_refusal(),
            Error::RecipeNotFound => refuse(Code::NotFound, ErrorReason::RecipeNotFound),
            Error::UserErased => refuse(Code::FailedPrecondition, ErrorReason::UserErased),
        };
        refusal.into_status(DOMAIN)
    }
}
