//! Notification preferences as messages.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, read, timestamp_to_wire};

use super::{Notify, Patch, Preferences};
use crate::error::Error;

/// Fields that users may change.
const PATHS: [&str; 6] = [
    "email_enabled",
    "push_enabled",
    "social_notifications",
    "social_notifications.challenges",
    "social_notifications.referrals",
    "social_notifications.family",
];

pub(super) fn update(request: pb::UpdateNotificationPreferencesRequest) -> Result<Patch, Error> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let sent = fields.read("notification_preferences", read::required(request.notification_preferences));
    Ok(fields.finish(|| {
        let (paths, sent) = (paths?, sent?);
        let topics = sent.social_notifications.unwrap_or_default();
        let named = |path: &str, value: bool| paths.contains(&path).then_some(value);
        let topic = |path: &str, value: bool| named("social_notifications", value).or(named(path, value));
        Ok(Patch {
            email_enabled: named("email_enabled", sent.email_enabled),
            push_enabled: named("push_enabled", sent.push_enabled),
            challenges: topic("social_notifications.challenges", topics.challenges),
            referrals: topic("social_notifications.referrals", topics.referrals),
            family: topic("social_notifications.family", topics.family),
        })
    })?)
}

pub(crate) fn notify(notify: Notify) -> pb::Notify {
    let Notify { email, push } = notify;
    pb::Notify { email, push }
}

pub(super) fn preferences(preferences: Preferences) -> pb::NotificationPreferences {
    let topics = preferences.social_notifications;
    pb::NotificationPreferences {
        email_enabled: preferences.email_enabled,
        push_enabled: preferences.push_enabled,
        social_notifications: Some(pb::SocialNotifications {
            challenges: topics.challenges,
            referrals: topics.referrals,
            family: topics.family,
        }),
        update_time: preferences.updated_at.map(timestamp_to_wire),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::FieldMask;

    fn read(paths: &[&str]) -> Result<Patch, Error> {
        let update_mask = Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() });
        let notification_preferences = Some(pb::NotificationPreferences::default());
        update(pb::UpdateNotificationPreferencesRequest { notification_preferences, update_mask })
    }

    #[test]
    fn a_mask_names_one_topic_or_all_of_them() {
        let one = read(&["social_notifications.family"]).expect("a patch");
        assert_eq!(one, Patch { family: Some(false), ..Patch::default() });
        let all = read(&["social_notifications"]).expect("a patch");
        assert_eq!((all.challenges, all.referrals, all.family, all.email_enabled), (Some(false), Some(false), Some(false), None));
    }

    #[test]
    fn a_mask_with_an_unknown_path_is_refused() {
        for path in ["social_notifications.recipes", "social_notifications.*", "update_time", "sms_enabled", "*"] {
            assert!(read(&[path]).is_err(), "{path}");
        }
    }
}
