//! The errors of this package's services.

use orchard_db::{Failure, UnitError};
use orchard_proto::events::v1::ErrorReason;
use orchard_rpc::{Refusal, Violations};
use tonic::{Code, Status};
use uuid::Uuid;

/// A refused call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Fields(#[from] Violations),
    /// The consumer cannot apply the event. Its log says why.
    #[error("an event cannot be applied")]
    EventRejected { event_id: Uuid },
    #[error("no such event is parked")]
    ParkedEventNotFound,
    #[error(transparent)]
    Database(#[from] Failure),
}

impl UnitError for Error {
    fn failure(&self) -> Option<&Failure> {
        if let Self::Database(failure) = self { Some(failure) } else { None }
    }
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
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, message);
        let refusal = match self {
            Self::Fields(violations) => violations.into(),
            Self::Database(failure) => failure.into_refusal(),
            Self::EventRejected { event_id } => {
                refuse(Code::FailedPrecondition, ErrorReason::EventRejected).with("event_id", event_id)
            }
            Self::ParkedEventNotFound => refuse(Code::NotFound, ErrorReason::ParkedEventNotFound),
        };
        refusal.into_status(domain)
    }
}
