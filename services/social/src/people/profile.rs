//! Profiles: who a user is to others.

mod api;
pub mod name;
pub(crate) mod store;
pub(crate) mod visibility;
pub(crate) mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;

use name::DisplayName;

/// Why a call about a profile is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The caller knows of no such profile.
    #[error("no such profile")]
    NotFound,
}

impl Rule for ProfileError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::ProfileNotFound),
        }
    }
}

/// Who may see a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PrivacyLevel {
    /// Everyone.
    Public,
    /// Friends.
    FriendsOnly,
    /// Nobody else.
    Private,
}

/// A user, as this slice knows them.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Who.
    pub id: Uuid,
    /// What they call themselves.
    pub display_name: Option<String>,
    /// Who may see that.
    pub privacy_level: PrivacyLevel,
    /// Whether what they achieve is shown to others unasked.
    pub social_sharing_enabled: bool,
    /// What referrals have earned them in all.
    pub referral_credits_earned: BigDecimal,
    /// Where their days begin.
    pub time_zone: Tz,
    /// When they were first known.
    pub created_at: DateTime<Utc>,
}

/// What a user changes of their profile; nothing where it stays.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// What they call themselves.
    pub display_name: Option<DisplayName>,
    /// Who may see that.
    pub privacy_level: Option<PrivacyLevel>,
    /// Where their days begin.
    pub time_zone: Option<Tz>,
    /// Whether what they achieve is shown to others unasked.
    pub social_sharing_enabled: Option<bool>,
}

/// The date that it is for a user.
pub fn today(time_zone: Tz, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&time_zone).date_naive()
}
