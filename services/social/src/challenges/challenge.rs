//! Challenges: their terms, and who may join, change and finalise them.

mod api;
mod code;
pub mod days;
mod editing;
mod entry;
mod joining;
mod reading;
mod scoring;
pub(crate) mod store;
mod terms;
mod wire;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

use crate::challenges::participant::Participant;

pub use code::JoinCode;
pub use entry::{Entrant, EntryRequirements};
pub use scoring::{ChallengeType, Scoring};
pub use terms::{Patch, SuccessCriteria, Terms};

/// The most challenges that a user creates in 24 hours.
pub const MAX_PER_DAY: i64 = 5;
/// The most challenges of a user that are active and not finalised.
pub const MAX_IN_USE: i64 = 20;

/// Why a call about a challenge is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// There is no such challenge, or the caller may not know of it.
    #[error("no such challenge")]
    NotFound,
    #[error("the challenge is not active")]
    Inactive,
    /// Its last day is over.
    #[error("the challenge has ended")]
    Ended,
    #[error("all {max_participants} seats of the challenge are taken")]
    Full {
        /// Number of seats.
        max_participants: i32,
    },
    /// Another user or the platform created it.
    #[error("the caller did not create the challenge")]
    NotCreator,
    #[error("the challenge has begun")]
    Started,
    #[error("days of the challenge can still be recorded")]
    NotDue {
        /// When no day can be recorded any more, if the challenge has dates.
        due: Option<DateTime<Utc>>,
    },
    /// The user has created too many challenges today, or has too many that are not over.
    #[error(
        "the caller may create {MAX_PER_DAY} challenges in 24 hours, and have {MAX_IN_USE} that are active and not finalised"
    )]
    TooMany,
    #[error("a child may not create a public challenge")]
    Child,
    /// The user does not meet an entry requirement.
    #[error("{requirement} must be {required}, but is {actual}")]
    Unmet { requirement: &'static str, required: String, actual: String },
}

impl Rule for ChallengeError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::ChallengeNotFound),
            Self::Inactive => refuse(Code::FailedPrecondition, ErrorReason::ChallengeInactive),
            Self::Ended => refuse(Code::FailedPrecondition, ErrorReason::ChallengeEnded),
            Self::Full { max_participants } => {
                refuse(Code::FailedPrecondition, ErrorReason::ChallengeFull).with("max_participants", max_participants)
            }
            Self::NotCreator => refuse(Code::PermissionDenied, ErrorReason::NotCreator),
            Self::Started => refuse(Code::FailedPrecondition, ErrorReason::ChallengeStarted),
            Self::NotDue { due: None } => refuse(Code::FailedPrecondition, ErrorReason::ChallengeNotDue),
            Self::NotDue { due: Some(due) } => refuse(Code::FailedPrecondition, ErrorReason::ChallengeNotDue)
                .with("due_time", due.to_rfc3339_opts(SecondsFormat::Secs, true)),
            Self::TooMany => refuse(Code::FailedPrecondition, ErrorReason::TooManyChallenges)
                .with("max_per_day", MAX_PER_DAY)
                .with("max_in_use", MAX_IN_USE),
            Self::Child => refuse(Code::PermissionDenied, ErrorReason::ChildNotPermitted),
            Self::Unmet { requirement, required, actual } => refuse(Code::FailedPrecondition, ErrorReason::EntryRequirementUnmet)
                .with("requirement", requirement)
                .with("required", required)
                .with("actual", actual),
        }
    }
}

/// A community challenge.
#[derive(Debug, Clone)]
pub struct Challenge {
    pub id: Uuid,
    /// What its creator can change.
    pub terms: Terms,
    /// Number of seats taken.
    pub participant_count: i32,
    /// The user who created it; `None` for the platform's challenges.
    pub created_by: Option<Uuid>,
    /// Whether it can be joined and recorded.
    pub is_active: bool,
    /// Code to join it, if it is not public.
    pub join_code: Option<JoinCode>,
    /// Lists begin with the highest priority; 0 when it is not featured.
    pub featured_priority: i32,
    pub created_at: DateTime<Utc>,
    /// When its results became final.
    pub finalised_at: Option<DateTime<Utc>>,
}

/// A challenge as one viewer sees it.
#[derive(Debug, Clone)]
pub struct ChallengeView {
    pub challenge: Challenge,
    /// Its creator, if the viewer may see their profile.
    pub creator: Option<Uuid>,
}

/// The id or the code of a challenge.
#[derive(Debug, Clone)]
pub enum ChallengeKey {
    Id(Uuid),
    /// Its code, which also lets users read and join a challenge that is not public.
    Code(JoinCode),
}

impl Challenge {
    /// Checks that the challenge can be joined and recorded at all.
    pub fn check_active(&self) -> Result<(), ChallengeError> {
        if self.is_active { Ok(()) } else { Err(ChallengeError::Inactive) }
    }

    /// Checks that a user can take a seat whose local date is `today`. `last_day` is that of the seat, if there is one yet.
    pub fn admit(&self, today: NaiveDate, last_day: Option<NaiveDate>) -> Result<(), ChallengeError> {
        self.check_active()?;
        if last_day.is_some_and(|last| today > last) {
            return Err(ChallengeError::Ended);
        }
        match self.terms.max_participants {
            Some(max_participants) if self.participant_count >= max_participants => {
                Err(ChallengeError::Full { max_participants })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Returns whether a user who never had a seat may know of the challenge.
    pub fn is_open_to(&self, user: Uuid, has_code: bool) -> bool {
        self.terms.is_public || has_code || self.created_by == Some(user)
    }

    /// Returns the moment after which the seat of a user who joined on `joined` no longer changes. Only in challenges without
    /// dates: those with dates end for all participants at once.
    pub fn ends_at(&self, joined: NaiveDate) -> Option<DateTime<Utc>> {
        self.terms.start_date.is_none().then(|| days::due(days::last_day(joined, self.terms.duration_days)))
    }

    /// Returns the last day of a seat.
    pub fn last_day_of(&self, seat: &Participant) -> Option<NaiveDate> {
        self.terms.end_date().or(seat.ends_at.map(days::of_due))
    }

    /// Checks that the terms can still change at `now`: the first day has not begun in any time zone, or nobody has ever
    /// joined.
    pub fn check_changeable(&self, now: DateTime<Utc>, was_joined: bool) -> Result<(), ChallengeError> {
        let has_begun = self.terms.start_date.map_or(was_joined, |first| days::has_begun(first, now));
        if has_begun { Err(ChallengeError::Started) } else { Ok(()) }
    }

    /// Checks that its creator can deactivate the challenge at `now`: nobody waits for a result. `waiting` is whether the own last day of
    /// some participant of a challenge without dates is over.
    pub fn check_stoppable(&self, now: DateTime<Utc>, waiting: bool) -> Result<(), ChallengeError> {
        let is_over = self.terms.end_date().map_or(waiting, |last| last < days::easternmost(now));
        if is_over && self.finalised_at.is_none() { Err(ChallengeError::Ended) } else { Ok(()) }
    }

    /// Checks that the challenge can be finalised at `now`.
    pub fn check_due(&self, now: DateTime<Utc>) -> Result<(), ChallengeError> {
        self.check_active()?;
        let due = self.terms.end_date().map(days::due);
        if due.is_some_and(|due| now >= due) { Ok(()) } else { Err(ChallengeError::NotDue { due }) }
    }

    /// Checks that a user may change the challenge.
    pub fn check_editor(&self, user: Uuid, is_operator: bool) -> Result<(), ChallengeError> {
        if is_operator || self.created_by == Some(user) { Ok(()) } else { Err(ChallengeError::NotCreator) }
    }
}

#[cfg(test)]
pub(crate) mod tests;
