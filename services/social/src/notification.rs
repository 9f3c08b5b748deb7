//! What users want to be notified of.

mod api;
pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use api::Api;

/// What a user may not want to be notified of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Challenges.
    Challenges,
    /// Referrals.
    Referrals,
}

/// How a user wants to be told of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// By e-mail.
    pub email: bool,
    /// By messages to their devices.
    pub push: bool,
}

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

impl Preferences {
    /// How the user wants to be told of something about this topic, or about none that they could turn off.
    pub fn notify(&self, topic: Option<Topic>) -> Notify {
        let is_wanted = match topic {
            Some(Topic::Challenges) => self.social_notifications.challenges,
            Some(Topic::Referrals) => self.social_notifications.referrals,
            None => true,
        };
        Notify { email: self.email_enabled && is_wanted, push: self.push_enabled && is_wanted }
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
    fn who_wants_no_topic_is_told_by_no_way_and_others_by_those_they_want() {
        let all = Preferences::default();
        let no_challenges = SocialNotifications { challenges: false, ..all.social_notifications };
        let no_referrals = SocialNotifications { referrals: false, ..all.social_notifications };
        let about = |social_notifications| Preferences { social_notifications, ..all };
        let topics = [Some(Topic::Challenges), Some(Topic::Referrals), None];
        let (both, none) = (Notify { email: true, push: true }, Notify { email: false, push: false });
        for (preferences, expected) in [
            (all, [both; 3]),
            (about(no_challenges), [none, both, both]),
            (about(no_referrals), [both, none, both]),
            (about(SocialNotifications::NONE), [none, none, both]),
            (Preferences { email_enabled: false, ..all }, [Notify { email: false, push: true }; 3]),
            (Preferences { push_enabled: false, ..all }, [Notify { email: true, push: false }; 3]),
        ] {
            assert_eq!(topics.map(|topic| preferences.notify(topic)), expected, "{preferences:?}");
        }
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
