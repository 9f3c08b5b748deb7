//! What users want to be notified of, and how.

mod api;
pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A topic whose notifications a user can turn off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Challenges,
    Referrals,
}

/// The channels for a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// Whether to send an e-mail.
    pub email: bool,
    /// Whether to send push messages to devices.
    pub push: bool,
}

/// The topics of this slice that a user wants to be notified of. A topic that is not stored is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SocialNotifications {
    pub challenges: bool,
    pub referrals: bool,
    pub family: bool,
}

impl SocialNotifications {
    /// No topics.
    pub const NONE: Self = Self { challenges: false, referrals: false, family: false };
}

impl Default for SocialNotifications {
    fn default() -> Self {
        Self { challenges: true, referrals: true, family: true }
    }
}

/// The preferences of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    /// Whether they want e-mails.
    pub email_enabled: bool,
    /// Whether they want push messages.
    pub push_enabled: bool,
    /// Topics of this slice.
    pub social_notifications: SocialNotifications,
    /// When the preferences last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Default for Preferences {
    fn default() -> Self {
        let social_notifications = SocialNotifications::default();
        Self { email_enabled: true, push_enabled: true, social_notifications, updated_at: None }
    }
}

impl Preferences {
    /// Returns the channels for a notification about a topic, or about something that cannot be turned off.
    pub fn notify(&self, topic: Option<Topic>) -> Notify {
        let is_wanted = match topic {
            Some(Topic::Challenges) => self.social_notifications.challenges,
            Some(Topic::Referrals) => self.social_notifications.referrals,
            None => true,
        };
        Notify { email: self.email_enabled && is_wanted, push: self.push_enabled && is_wanted }
    }
}

/// Changes of preferences; `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Patch {
    pub email_enabled: Option<bool>,
    pub push_enabled: Option<bool>,
    pub challenges: Option<bool>,
    pub referrals: Option<bool>,
    pub family: Option<bool>,
}

impl Patch {
    /// Returns the preferences with the changes.
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
    fn topics_that_are_not_stored_are_on() {
        let read = |stored| serde_json::from_value::<SocialNotifications>(stored).expect("topics");
        assert_eq!(read(json!({})), SocialNotifications::default());
        assert_eq!(read(json!({"family": false, "later": true})), SocialNotifications { family: false, ..read(json!({})) });
        assert_eq!(
            serde_json::to_value(read(json!({}))).expect("json"),
            json!({"challenges": true, "referrals": true, "family": true})
        );
    }

    #[test]
    fn a_topic_that_is_off_has_no_channels_and_others_have_those_that_are_on() {
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
    fn a_patch_changes_only_its_fields() {
        let patch = Patch { referrals: Some(false), push_enabled: Some(false), ..Patch::default() };
        let patched = patch.apply(Preferences::default());
        assert_eq!((patched.email_enabled, patched.push_enabled), (true, false));
        assert_eq!(patched.social_notifications, SocialNotifications { referrals: false, ..SocialNotifications::default() });
        assert_eq!(Patch::default().apply(patched), patched);
    }
}
