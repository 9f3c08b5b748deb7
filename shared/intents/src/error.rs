//! The errors of the service for operators.

use orchard_db::Failure;
use orchard_proto::intents::v1::ErrorReason;
use orchard_rpc::{Refusal, Violations};
use tonic::{Code, Status};

/// A refused call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Fields(#[from] Violations),
    #[error("no such intent is open")]
    IntentNotFound,
    #[error(transparent)]
    Database(#[from] Failure),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Failure::from(error).into()
    }
}

impl Error {
    /// Returns the status that the slice of `domain` answers with.
    pub(crate) fn into_status(self, domain: &str) -> Status {
        let message = self.to_string();
        let refusal = match self {
            Self::Fields(violations) => violations.into(),
            Self::Database(failure) => failure.into_refusal(),
            Self::IntentNotFound => Refusal::new(Code::NotFound, ErrorReason::IntentNotFound, message),
        };
        refusal.into_status(domain)
    }
}
