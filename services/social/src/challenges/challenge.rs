//! Challenges: what they ask, how they score, what they give.

mod api;
mod code;
mod scoring;
pub(crate) mod store;
mod terms;
mod updating;
pub(crate) mod wire;

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, TimeDelta, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

use crate::challenges::finalisation::due;

pub use api::Api;
pub use code::JoinCode;
pub use scoring::{ChallengeType, Scoring};
pub use terms::{EntryRequirements, Patch, RankBand, Reward, RewardStructure, SuccessCriteria, Terms, may_start};

/// The zones that are furthest ahead are so by this.
const FURTHEST_AHEAD: TimeDelta = TimeDelta::hours(14);

/// Why a challenge refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The caller knows of no such challenge.
    #[error("no such challenge")]
    NotFound,
    /// It was deactivated.
    #[error("the challenge is not active")]
    Inactive,
    /// Its last day is over.
    #[error("the challenge has ended")]
    Ended,
    /// Every seat is taken.
    #[error("all {max_participants} seats of the challenge are taken")]
    Full {
        /// Its seats.
        max_participants: i32,
    },
    /// It is somebody else's.
    #[error("the challenge is somebody else's")]
    NotCreator,
    /// It has begun.
    #[error("the challenge has begun")]
    Started,
    /// Its days are not over everywhere.
    #[error("the challenge is not over everywhere")]
    NotDue {
        /// When they are, if it has days.
        due: Option<DateTime<Utc>>,
    },
    /// Children make none that is public.
    #[error("a child makes no public challenge")]
    Child,
    /// Whoever wants to join is not what it asks for.
    #[error("{requirement} is required to be {required}, and is {actual}")]
    Unmet {
        /// What it asks.
        requirement: &'static str,
        /// How much of it, or which.
        required: String,
        /// What there is.
        actual: String,
    },
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
    /// Its id.
    pub id: Uuid,
    /// What its creator says of it.
    pub terms: Terms,
    /// Seats that are taken.
    pub participant_count: i32,
    /// Who created it; nobody for the platform's own.
    pub created_by: Option<Uuid>,
    /// Whether it is in use.
    pub is_active: bool,
    /// What joins it, if not everyone does.
    pub join_code: Option<JoinCode>,
    /// Lists begin with the highest.
    pub featured_priority: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When its results became final.
    pub finalised_at: Option<DateTime<Utc>>,
}

/// Who wants to join, as far as a challenge may ask.
#[derive(Debug, Clone)]
pub struct Entrant {
    /// Challenges that they have completed.
    pub challenges_completed: i64,
    /// Those of the badges that are required which they have.
    pub badges: Vec<String>,
    /// Whether they belong to a family plan, if that was found out.
    pub family_plan: Option<bool>,
    /// When they were first known.
    pub created_at: DateTime<Utc>,
}

impl Challenge {
    /// Whether the challenge may be joined and recorded at all.
    pub fn in_use(&self) -> Result<(), ChallengeError> {
        if self.is_active { Ok(()) } else { Err(ChallengeError::Inactive) }
    }

    /// Whether one more may join, whose date is `today`.
    pub fn admit(&self, today: NaiveDate) -> Result<(), ChallengeError> {
        self.in_use()?;
        if self.terms.end_date().is_some_and(|end| today > end) {
            return Err(ChallengeError::Ended);
        }
        match self.terms.max_participants {
            Some(max_participants) if self.participant_count >= max_participants => {
                Err(ChallengeError::Full { max_participants })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a user who never had a seat may know of it: not everyone finds one that is not public.
    pub fn may_be_entered(&self, user: Uuid, has_code: bool) -> bool {
        self.terms.is_public || has_code || self.created_by == Some(user)
    }

    /// First and last day of a participant who joined on `joined`, their own date.
    pub fn days(&self, joined: NaiveDate) -> (NaiveDate, NaiveDate) {
        let first = self.terms.start_date.unwrap_or(joined);
        (first, last_day(first, self.terms.duration_days))
    }

    /// When nothing changes any more of the seat of a user who joins on `joined`, in a challenge without dates: one with dates ends for all.
    pub fn ends_at(&self, joined: NaiveDate) -> Option<DateTime<Utc>> {
        let (_, last) = self.days(joined);
        self.terms.start_date.is_none().then(|| due(last))
    }

    /// Whether it can still change at `now`: its first day has begun nowhere, or nobody was ever in it.
    pub fn can_change(&self, now: DateTime<Utc>, was_joined: bool) -> Result<(), ChallengeError> {
        let has_begun = match self.terms.start_date {
            Some(first) => (now + FURTHEST_AHEAD).date_naive() >= first,
            None => was_joined,
        };
        if has_begun { Err(ChallengeError::Started) } else { Ok(()) }
    }

    /// Whether it may be finalised at `now`.
    pub fn is_due(&self, now: DateTime<Utc>) -> Result<(), ChallengeError> {
        self.in_use()?;
        let due = self.terms.end_date().map(due);
        if due.is_some_and(|due| now >= due) { Ok(()) } else { Err(ChallengeError::NotDue { due }) }
    }

    /// Whether a user may change it, who is an operator or not.
    pub fn is_of(&self, user: Uuid, is_operator: bool) -> Result<(), ChallengeError> {
        if is_operator || self.created_by == Some(user) { Ok(()) } else { Err(ChallengeError::NotCreator) }
    }
}

impl EntryRequirements {
    /// Whether somebody is what is asked for, at `now`. What was not found out does not hold.
    pub fn admit(&self, entrant: &Entrant, now: DateTime<Utc>) -> Result<(), ChallengeError> {
        let unmet = |requirement, required: String, actual: String| Err(ChallengeError::Unmet { requirement, required, actual });
        if entrant.challenges_completed < i64::from(self.challenges_completed) {
            let (required, actual) = (self.challenges_completed.to_string(), entrant.challenges_completed.to_string());
            return unmet("challenges_completed", required, actual);
        }
        if self.badges.iter().any(|badge| !entrant.badges.contains(badge)) {
            return unmet("badges", self.badges.join(", "), entrant.badges.join(", "));
        }
        if self.family_plan && entrant.family_plan != Some(true) {
            return unmet("family_plan", true.to_string(), false.to_string());
        }
        let age = (now - entrant.created_at).num_days();
        if age < i64::from(self.account_age_days) {
            return unmet("account_age_days", self.account_age_days.to_string(), age.to_string());
        }
        Ok(())
    }
}

/// The last of `duration_days` days from `first` on.
pub fn last_day(first: NaiveDate, duration_days: i32) -> NaiveDate {
    let more = u64::try_from(duration_days - 1).unwrap_or_default();
    first.checked_add_days(Days::new(more)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
