//! Notification preferences.

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::notification_service_client::NotificationServiceClient;
use orchard_testkit::answer::violations;
use orchard_testkit::client::insist;
use prost_types::FieldMask;
use tokio::task::JoinSet;
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, id};

impl World {
    async fn preferences(&self, user: Uuid) -> anyhow::Result<pb::NotificationPreferences> {
        let mut client = NotificationServiceClient::new(self.slice.user(user)?);
        let answer = client.get_notification_preferences(pb::GetNotificationPreferencesRequest {}).await?.into_inner();
        Ok(answer.notification_preferences.expect("preferences"))
    }

    pub async fn prefer(
        &self,
        user: Uuid,
        preferences: pb::NotificationPreferences,
        paths: &[&str],
    ) -> Result<pb::NotificationPreferences, Status> {
        insist(|| async {
            let mut client = NotificationServiceClient::new(self.slice.user(user).expect("client"));
            let update_mask = Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() });
            let request = pb::UpdateNotificationPreferencesRequest { notification_preferences: Some(preferences), update_mask };
            let answer = client.update_notification_preferences(request).await?.into_inner();
            Ok(answer.notification_preferences.expect("preferences"))
        })
        .await
    }
}

const ALL: pb::SocialNotifications = pb::SocialNotifications { challenges: true, referrals: true, family: true };

#[tokio::test]
async fn everything_is_on_until_the_user_turns_it_off() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let expected = pb::NotificationPreferences {
        email_enabled: true,
        push_enabled: true,
        social_notifications: Some(ALL),
        update_time: None,
    };
    assert_eq!(world.preferences(user).await?, expected);
    let number = "SELECT count(*) FROM notification_preferences";
    assert_eq!(world.slice.schema.connect().await?.query_one(number, &[]).await?.get::<_, i64>(0), 0, "reading writes nothing");

    let changed =
        world.prefer(user, pb::NotificationPreferences::default(), &["push_enabled", "social_notifications.family"]).await?;
    assert!(changed.email_enabled && !changed.push_enabled && changed.update_time.is_some());
    assert_eq!(changed.social_notifications, Some(pb::SocialNotifications { family: false, ..ALL }));
    assert_eq!(world.preferences(user).await?, changed);
    // The mask can name all topics at once.
    let only = pb::SocialNotifications { referrals: true, ..Default::default() };
    let sent = pb::NotificationPreferences { social_notifications: Some(only), ..Default::default() };
    let changed = world.prefer(user, sent, &["social_notifications", "email_enabled"]).await?;
    assert_eq!((changed.email_enabled, changed.social_notifications), (false, Some(only)));
    assert_eq!(world.preferences(user).await?, changed);
    assert_eq!(world.preferences(id()).await?, expected, "other users are not affected");
    Ok(())
}

#[tokio::test]
async fn unknown_topics_are_refused() -> anyhow::Result<()> {
    let world = World::start().await?;
    for path in ["social_notifications.recipes", "sms_enabled", "update_time", "social_notifications.*"] {
        assert_eq!(
            violations(world.prefer(id(), pb::NotificationPreferences::default(), &[path]).await),
            ["update_mask"],
            "{path}"
        );
    }
    let mut client = NotificationServiceClient::new(world.slice.user(id())?);
    let nothing = client.update_notification_preferences(pb::UpdateNotificationPreferencesRequest::default()).await;
    assert_eq!(violations(nothing), ["update_mask", "notification_preferences"]);
    Ok(())
}

/// Each device turns off one thing, and none of them has stored preferences before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_can_turn_off_different_things_at_the_same_time() -> anyhow::Result<()> {
    let world = Arc::new(World::strict().await?);
    for _ in 0..10 {
        let user = id();
        let mut devices = JoinSet::new();
        let paths = [
            "email_enabled",
            "push_enabled",
            "social_notifications.challenges",
            "social_notifications.referrals",
            "social_notifications.family",
        ];
        for path in paths {
            let world = Arc::clone(&world);
            devices.spawn(async move { world.prefer(user, pb::NotificationPreferences::default(), &[path]).await });
        }
        for answer in devices.join_all().await {
            answer?;
        }
        let left = world.preferences(user).await?;
        assert_eq!((left.email_enabled, left.push_enabled), (false, false));
        assert_eq!(left.social_notifications, Some(pb::SocialNotifications::default()));
    }
    Ok(())
}
