//! Profiles: what a user shows of themselves, and to whom.

mod api;
pub mod name;
pub(crate) mod pseudonym;
pub(crate) mod store;
pub(crate) mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
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
    /// The user has no profile, or the caller may not see it.
    #[error("no such profile")]
    NotFound,
}

impl Rule for ProfileError {
    fn refusal(&self) -> Refusal {
        let Self::NotFound = self;
        Refusal::new(Code::NotFound, ErrorReason::ProfileNotFound, self)
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
    /// The user's id.
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
    pub time_zone: Tz,
    /// When the user became known.
    pub created_at: DateTime<Utc>,
}

/// A profile as the identity service registers it.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The user's id.
    pub id: Uuid,
    /// See [`Profile::display_name`].
    pub display_name: DisplayName,
    /// See [`Profile::time_zone`].
    pub time_zone: Tz,
    /// See [`Profile::privacy_level`].
    pub privacy_level: PrivacyLevel,
}

/// Changes of a profile; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// See [`Profile::display_name`].
    pub display_name: Option<DisplayName>,
    /// See [`Profile::privacy_level`].
    pub privacy_level: Option<PrivacyLevel>,
    /// See [`Profile::time_zone`].
    pub time_zone: Option<Tz>,
    /// See [`Profile::social_sharing_enabled`].
    pub social_sharing_enabled: Option<bool>,
}
