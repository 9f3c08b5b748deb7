//! Every way in which a call to this slice can be refused, and what its caller is told.

use chrono::SecondsFormat;
use orchard_db::{Failure, UnitError};
use orchard_proto::rpc::v1::ErrorReason as CommonReason;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::{Refusal, Violations, common, reason_name};
use tonic::{Code, Status};

use crate::{challenge, friendship, leaderboard, participant, progress};

/// Domain of this slice's reasons.
pub const DOMAIN: &str = "orchard.social";

/// What refers to users, by the names of the foreign keys: none of them holds for one who is erased meanwhile.
pub const USER_REFERENCES: [&str; 11] = [
    "achievement_milestones_user_id_fkey",
    "challenge_participants_user_id_fkey",
    "community_challenges_created_by_fkey",
    "family_memberships_guardian_user_id_fkey",
    "family_memberships_user_id_fkey",
    "friendships_first_user_id_fkey",
    "friendships_second_user_id_fkey",
    "notification_preferences_user_id_fkey",
    "referrals_referee_id_fkey",
    "referrals_referrer_id_fkey",
    "social_achievements_user_id_fkey",
];

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
    /// The caller has no such achievement.
    #[error("no such achievement")]
    AchievementNotFound,
    /// The caller has no such milestone.
    #[error("no such milestone")]
    MilestoneNotFound,
    /// Nothing is held of whoever was erased.
    #[error("the user was erased")]
    UserErased,
    /// Nobody says who is a child.
    #[error("the family service does not answer")]
    FamilyUnavailable,
    /// By a rule of friendships.
    #[error(transparent)]
    Friendship(#[from] friendship::Refused),
    /// By a rule of challenges.
    #[error(transparent)]
    Challenge(#[from] challenge::Refused),
    /// By a rule of seats.
    #[error(transparent)]
    Participant(#[from] participant::Refused),
    /// By a rule of leaderboards.
    #[error(transparent)]
    Leaderboard(#[from] leaderboard::Refused),
    /// By a rule of progress.
    #[error(transparent)]
    Progress(#[from] progress::Refused),
    /// One of several records.
    #[error("records[{index}]: {refusal}")]
    Record {
        /// Which of them.
        index: usize,
        /// Why: never a failure of the database, which is no record's.
        refusal: Box<Error>,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Failure),
}

impl Error {
    /// The same, as of one of several records if it is a refusal.
    pub(crate) fn of_record(self, index: usize) -> Self {
        if self.failure().is_some() { self } else { Self::Record { index, refusal: Box::new(self) } }
    }
}

impl UnitError for Error {
    fn failure(&self) -> Option<&Failure> {
        if let Self::Database(failure) = self { Some(failure) } else { None }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        match Failure::from(error) {
            Failure::Constraint { name, .. } if USER_REFERENCES.contains(&name.as_str()) => Self::UserErased,
            other => other.into(),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Refusal::from(error).into_status(DOMAIN)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let refuse = |code, reason: ErrorReason| Self::new(code, reason_name(reason.as_str_name()), &message);
        match error {
            Error::Fields(violations) => violations.into(),
            Error::Record { index, refusal } => Self::from(*refusal).with("record", format!("records[{index}]")),
            Error::Database(failure) => failure.into_refusal(),
            Error::UserErased => refuse(Code::FailedPrecondition, ErrorReason::UserErased),
            Error::FamilyUnavailable => common(CommonReason::UpstreamUnavailable, &message).with("upstream", "family"),
            Error::Friendship(friendship::Refused::NoSuchProfile) => refuse(Code::NotFound, ErrorReason::ProfileNotFound),
            Error::Friendship(friendship::Refused::NoSuchRequest) => refuse(Code::NotFound, ErrorReason::FriendRequestNotFound),
            Error::Friendship(friendship::Refused::Blocked) => refuse(Code::FailedPrecondition, ErrorReason::UserBlocked),
            Error::Friendship(friendship::Refused::Private) => refuse(Code::FailedPrecondition, ErrorReason::ProfilePrivate),
            Error::Friendship(friendship::Refused::TooMany) => {
                refuse(Code::FailedPrecondition, ErrorReason::TooManyRequests).with("max_requests", friendship::MOST_REQUESTS)
            }
            Error::Friendship(friendship::Refused::Child) => refuse(Code::PermissionDenied, ErrorReason::ChildNotPermitted),
            Error::AchievementNotFound => refuse(Code::NotFound, ErrorReason::AchievementNotFound),
            Error::MilestoneNotFound => refuse(Code::NotFound, ErrorReason::MilestoneNotFound),
            Error::ProfileNotFound => refuse(Code::NotFound, ErrorReason::ProfileNotFound),
            Error::ChallengeNotFound => refuse(Code::NotFound, ErrorReason::ChallengeNotFound),
            Error::NotParticipating => refuse(Code::NotFound, ErrorReason::NotParticipating),
            Error::Challenge(challenge::Refused::Inactive) => refuse(Code::FailedPrecondition, ErrorReason::ChallengeInactive),
            Error::Challenge(challenge::Refused::Ended) => refuse(Code::FailedPrecondition, ErrorReason::ChallengeEnded),
            Error::Challenge(challenge::Refused::Full { max_participants }) => {
                refuse(Code::FailedPrecondition, ErrorReason::ChallengeFull).with("max_participants", max_participants)
            }
            Error::Challenge(challenge::Refused::NotCreator) => refuse(Code::PermissionDenied, ErrorReason::NotCreator),
            Error::Challenge(challenge::Refused::Started) => refuse(Code::FailedPrecondition, ErrorReason::ChallengeStarted),
            Error::Challenge(challenge::Refused::NotDue { due }) => {
                let refusal = refuse(Code::FailedPrecondition, ErrorReason::ChallengeNotDue);
                match due {
                    Some(due) => refusal.with("due_time", due.to_rfc3339_opts(SecondsFormat::Secs, true)),
                    None => refusal,
                }
            }
            Error::Challenge(challenge::Refused::Child) => refuse(Code::PermissionDenied, ErrorReason::ChildNotPermitted),
            Error::Challenge(challenge::Refused::Unmet { requirement, required, actual }) => {
                refuse(Code::FailedPrecondition, ErrorReason::EntryRequirementUnmet)
                    .with("requirement", requirement)
                    .with("required", required)
                    .with("actual", actual)
            }
            Error::Leaderboard(leaderboard::Refused::TooSlow) => refuse(Code::ResourceExhausted, ErrorReason::WatcherTooSlow),
            Error::Participant(participant::Refused::Ended) => refuse(Code::FailedPrecondition, ErrorReason::ParticipationEnded),
            Error::Progress(progress::Refused::NotParticipating) => refuse(Code::NotFound, ErrorReason::NotParticipating),
            Error::Progress(progress::Refused::Ended) => refuse(Code::FailedPrecondition, ErrorReason::ParticipationEnded),
            Error::Progress(progress::Refused::Inactive) => refuse(Code::FailedPrecondition, ErrorReason::ChallengeInactive),
            Error::Progress(progress::Refused::NothingRecorded) => refuse(Code::NotFound, ErrorReason::ProgressNotFound),
            Error::Progress(progress::Refused::DateNotOpen { open: None }) => {
                refuse(Code::FailedPrecondition, ErrorReason::DateNotOpen)
            }
            Error::Progress(progress::Refused::DateNotOpen { open: Some((first, last)) }) => {
                refuse(Code::FailedPrecondition, ErrorReason::DateNotOpen).with("first_date", first).with("last_date", last)
            }
        }
    }
}
