//! What users want to be notified of.

mod api;
mod store;
mod wire;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use api::Api;

/// About what of this slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SocialNotifications {
    /// Challenges.
    pub challenges: bool,
    /// Referrals.
    pub referrals: bool,
    /// Families.
    pub family: bool,
}

impl SocialNotifications {
    /// About nothing.
    pub const NONE: Self = Self { challenges: false, referrals: false, family: false };
}

impl Default for SocialNotifications {
    fn default() -> Self {
        Self { challenges: true, referrals: true, family: true }
    }
}

/// How, and about what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    /// By e-mail.
    pub email_enabled: bool,
    /// By messages to their devices.
    pub push_enabled: bool,
    /// About what of this slice.
    pub social_notifications: SocialNotifications,
    /// When they were changed last.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Default for Preferences {
    fn default() -> Self {
        let social_notifications = SocialNotifications::default();
        Self { email_enabled: true, push_enabled: true, social_notifications, updated_at: None }
    }
}

/// What is changed; nothing where it stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Patch {
    /// By e-mail.
    pub email_enabled: Option<bool>,
    /// By messages to their devices.
    pub push_enabled: Option<bool>,
    /// Challenges.
    pub challenges: Option<bool>,
    /// Referrals.
    pub referrals: Option<bool>,
    /// Families.
    pub family: Option<bool>,
}

impl Patch {
    /// The preferences with what is changed.
    pub fn apply(self, before: Preferences) -> Preferences {
        let topics = before.social_notifications;
        Preferences {
            email_enabled: self.email_enabled.unwrap_or(before.email_enabled),
            push_enabled: self.push_enabled.unwrap_or(before.push_enabled),
            social_notifications: SocialNotifications {
                challenges: self.challenges.unwrap_or(topics.challenges),
                referrals: self.referrals.unwrap_or(topics.referrals),
                family: self.family.unwrap_or(topics.family),
            },
            ..before
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_kept_is_wanted() {
        let read = |kept| serde_json::from_value::<SocialNotifications>(kept).expect("topics");
        assert_eq!(read(json!({})), SocialNotifications::default());
        assert_eq!(read(json!({"family": false, "later": true})), SocialNotifications { family: false, ..read(json!({})) });
        assert_eq!(
            serde_json::to_value(read(json!({}))).expect("json"),
            json!({"challenges": true, "referrals": true, "family": true})
        );
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        let patch = Patch { referrals: Some(false), push_enabled: Some(false), ..Patch::default() };
        let patched = patch.apply(Preferences::default());
        assert_eq!((patched.email_enabled, patched.push_enabled), (true, false));
        assert_eq!(patched.social_notifications, SocialNotifications { referrals: false, ..SocialNotifications::default() });
        assert_eq!(Patch::default().apply(patched), patched);
    }
}
