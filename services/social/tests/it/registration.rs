//! The creation of profiles: by registration, by the user's first call, or by both at the same time.

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::violations;
use orchard_testkit::client::insist;
use pb::PrivacyLevel::{FriendsOnly, Private, Public};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::world::{World, id};

fn registration(user: Uuid) -> pb::RegisterProfileRequest {
    pb::RegisterProfileRequest {
        user_id: user.to_string(),
        display_name: "Alice".to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
        privacy_level: Public.into(),
    }
}

impl World {
    async fn own(&self, user: Uuid) -> Result<pb::Profile, tonic::Status> {
        insist(|| async {
            let request = pb::GetProfileRequest { user_id: user.to_string() };
            let mut client = self.profiles(user).expect("client");
            Ok(client.get_profile(request).await?.into_inner().profile.expect("a profile"))
        })
        .await
    }
}

#[tokio::test]
async fn the_first_call_creates_the_callers_profile() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let first = world.own(user).await?;
    assert_eq!((first.display_name.as_str(), first.time_zone.as_str(), first.privacy_level()), ("", "UTC", FriendsOnly));
    assert_eq!(world.own(user).await?, first);
    assert!(!world.sees(id(), user).await?);
    Ok(())
}

#[tokio::test]
async fn a_late_registration_does_not_change_what_the_user_has_set() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    world.change(user, pb::Profile { privacy_level: Private.into(), ..Default::default() }, &["privacy_level"]).await?;
    let registered = world.register(registration(user)).await?;
    assert_eq!(
        (registered.display_name.as_str(), registered.privacy_level()),
        ("Alice", Private),
        "the registration sets only the missing name"
    );
    assert_eq!(registered.time_zone, "UTC");
    // The registration is replayed after more changes.
    world.rename(user, "Al").await?;
    world.change(user, pb::Profile { time_zone: "Europe/Rome".to_owned(), ..Default::default() }, &["time_zone"]).await?;
    let changed = pb::Profile { social_sharing_enabled: Some(false), ..Default::default() };
    let last = world.change(user, changed, &["social_sharing_enabled"]).await?;
    assert_eq!(world.register(registration(user)).await?, last);
    assert_eq!(
        (last.display_name.as_str(), last.time_zone.as_str(), last.social_sharing_enabled),
        ("Al", "Europe/Rome", Some(false))
    );
    Ok(())
}

/// Repeated registrations and the user's first calls run at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_races_the_first_use_completes_one_profile() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for _ in 0..20 {
        let user = id();
        let mut calls = JoinSet::new();
        for step in 0..8 {
            let world = Arc::clone(&world);
            calls.spawn(async move {
                tokio::time::sleep(std::time::Duration::from_micros(fastrand::u64(..2_000))).await;
                match step % 3 {
                    0 => world.register(registration(user)).await.map(|_| ()),
                    1 => world.own(user).await.map(|_| ()),
                    _ => world.create(user, crate::world::new_challenge()).await.map(|_| ()),
                }
            });
        }
        for answer in calls.join_all().await {
            answer?;
        }
        let profile = world.own(user).await?;
        assert_eq!((profile.display_name.as_str(), profile.time_zone.as_str()), ("Alice", "Asia/Tokyo"));
        assert_eq!(profile.privacy_level(), Public);
    }
    Ok(())
}

/// In either order, the user's choice stays and the name is set.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_races_a_choice_does_not_change_it() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for _ in 0..30 {
        let user = id();
        let (registers, chooses) = (Arc::clone(&world), Arc::clone(&world));
        let private = pb::Profile { privacy_level: Private.into(), ..Default::default() };
        let (registered, chosen) =
            tokio::join!(registers.register(registration(user)), chooses.change(user, private, &["privacy_level"]));
        registered?;
        chosen?;
        let profile = world.own(user).await?;
        assert_eq!((profile.display_name.as_str(), profile.privacy_level()), ("Alice", Private));
    }
    Ok(())
}

#[tokio::test]
async fn two_devices_can_change_different_fields_at_the_same_time() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    for _ in 0..10 {
        let named = world.rename(user, "Al");
        let zoned = world.change(user, pb::Profile { time_zone: "Asia/Tokyo".to_owned(), ..Default::default() }, &["time_zone"]);
        let (named, zoned) = tokio::join!(named, zoned);
        named?;
        zoned?;
        let now = world.own(user).await?;
        assert_eq!((now.display_name.as_str(), now.time_zone.as_str()), ("Al", "Asia/Tokyo"));
        world.rename(user, "Bo").await?;
        world.change(user, pb::Profile::default(), &["time_zone"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn all_violations_are_reported_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let bad = pb::Profile {
        user_id: id().to_string(),
        display_name: "a\u{2066}b".to_owned(),
        privacy_level: 7,
        time_zone: "Mars/Olympus".to_owned(),
        ..Default::default()
    };
    let all = ["display_name", "privacy_level", "time_zone", "social_sharing_enabled"];
    let paths = ["profile.user_id", "profile.display_name", "profile.privacy_level", "profile.time_zone"];
    let expected = [paths.as_slice(), &["profile.social_sharing_enabled"]].concat();
    assert_eq!(violations(world.change(id(), bad, &all).await), expected);
    let unknown = world.change(id(), pb::Profile::default(), &["referral_credits_earned", "display_name"]).await;
    assert_eq!(violations(unknown), ["update_mask"]);
    let none = world.profiles(id())?.update_profile(pb::UpdateProfileRequest::default()).await;
    assert_eq!(violations(none), ["update_mask", "profile"]);
    let many = pb::BatchGetProfilesRequest { user_ids: vec![id().to_string(); 201] };
    assert_eq!(violations(world.profiles(id())?.batch_get_profiles(many).await), ["user_ids"]);
    let bad = pb::BatchGetProfilesRequest { user_ids: vec![id().to_string(), "bob".to_owned()] };
    assert_eq!(violations(world.profiles(id())?.batch_get_profiles(bad).await), ["user_ids[1]"]);
    assert_eq!(violations(world.profiles(id())?.batch_get_profiles(pb::BatchGetProfilesRequest::default()).await), ["user_ids"]);
    Ok(())
}
