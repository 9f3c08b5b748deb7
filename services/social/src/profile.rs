//! Profiles: who a user is to others.

mod api;
pub(crate) mod store;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use api::Api;

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
    /// Where their days begin.
    pub time_zone: Tz,
    /// When they were registered.
    pub created_at: DateTime<Utc>,
}

/// The date that it is for a user.
pub fn today(time_zone: Tz, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&time_zone).date_naive()
}
