//! Profiles: what a user shows of themselves, and to whom.

mod api;
pub mod name;
pub(crate) mod pseudonym;
pub(crate) mod store;
pub(crate) mod wire;

use std::time::Duration;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::{Refusal, Zone};
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use name::DisplayName;

/// Why a call about a profile is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The user has no profile, or the caller may not see it.
    #[error("no such profile")]
    NotFound,
    /// The family has the child already, and the event that says so has not arrived here.
    #[error("the child was added a moment ago; repeat the call")]
    ChildNotReady,
}

/// How long an event usually takes, amply.
const EVENT_DELAY: Duration = Duration::from_millis(250);

impl Rule for ProfileError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::ProfileNotFound),
            Self::ChildNotReady => refuse(Code::Aborted, ErrorReason::ChildNotReady).retry_after(EVENT_DELAY),
        }
    }
}

/// Who may see a profile, besides its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PrivacyLevel {
    /// Everyone.
    Public,
    /// Friends, and those to whom the user has sent a friend request.
    FriendsOnly,
    /// No other user.
    Private,
}

/// A user, as this slice knows them.
#[derive(Debug, Clone)]
pub struct Profile {
    pub id: Uuid,
    /// The name that the user has chosen.
    pub display_name: Option<String>,
    /// Who may see the profile.
    pub privacy_level: PrivacyLevel,
    /// Whether achievements and challenges of the user are recommended to others.
    pub social_sharing_enabled: bool,
    /// The total that the user has earned by referrals.
    pub referral_credits_earned: BigDecimal,
    /// The time zone, which decides when the user's days begin.
    pub time_zone: Zone,
    /// When the user became known.
    pub created_at: DateTime<Utc>,
}

/// A profile as the identity service registers it.
#[derive(Debug, Clone)]
pub struct Registration {
    pub id: Uuid,
    pub display_name: DisplayName,
    pub time_zone: Zone,
    pub privacy_level: PrivacyLevel,
}

/// Changes of a profile; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub display_name: Option<DisplayName>,
    pub privacy_level: Option<PrivacyLevel>,
    pub time_zone: Option<Zone>,
    pub social_sharing_enabled: Option<bool>,
}
