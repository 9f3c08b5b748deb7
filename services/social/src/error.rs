//! Every way in which a call to this slice can be refused, and what its caller is told.

use orchard_db::{Failure, UnitError};
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::{Refusal, Violations, reason_name};
use tonic::{Code, Status};

use crate::{challenge, progress};

/// Domain of this slice's reasons.
pub const DOMAIN: &str = "orchard.social";

/// A refused call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request.
    #[error("{0}")]
    Fields(#[from] Violations),
    /// No such profile for this caller.
    #[error("no such profile")]
    ProfileNotFound,
    /// No such challenge for this caller.
    #[error("no such challenge")]
    ChallengeNotFound,
    /// The caller has no seat.
    #[error("the caller does not take part in the challenge")]
    NotParticipating,
    /// By a rule of challenges.
    #[error(transparent)]
    Challenge(#[from] challenge::Refused),
    /// By a rule of progress.
    #[error(transparent)]
    Progress(#[from] progress::Refused),
    /// The database failed.
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

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason_name(reason.as_str_name()), message);
        let refusal = match error {
            Error::Fields(violations) => violations.into(),
            Error::Database(failure) => failure.into_refusal(),
            Error::ProfileNotFound => refuse(Code::NotFound, ErrorReason::ProfileNotFound),
            Error::ChallengeNotFound => refuse(Code::NotFound, ErrorReason::ChallengeNotFound),
            Error::NotParticipating => refuse(Code::NotFound, ErrorReason::NotParticipating),
            Error::Challenge(challenge::Refused::Inactive) => refuse(Code::FailedPrecondition, ErrorReason::ChallengeInactive),
            Error::Challenge(challenge::Refused::Ended) => refuse(Code::FailedPrecondition, ErrorReason::ChallengeEnded),
            Error::Challenge(challenge::Refused::Full { max_participants }) => {
                refuse(Code::FailedPrecondition, ErrorReason::ChallengeFull).with("max_participants", max_participants)
            }
            Error::Progress(progress::Refused::DateNotOpen { open: None }) => {
                refuse(Code::FailedPrecondition, ErrorReason::DateNotOpen)
            }
            Error::Progress(progress::Refused::DateNotOpen { open: Some((first, last)) }) => {
                refuse(Code::FailedPrecondition, ErrorReason::DateNotOpen).with("first_date", first).with("last_date", last)
            }
        };
        refusal.into_status(DOMAIN)
    }
}
