use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;

use crate::world::{World, id, new_challenge};

fn registration(user_id: String, privacy_level: pb::PrivacyLevel) -> pb::RegisterProfileRequest {
    pb::RegisterProfileRequest {
        user_id,
        display_name: "Alice".to_owned(),
        time_zone: "Pacific/Auckland".to_owned(),
        privacy_level: privacy_level.into(),
    }
}

#[tokio::test]
async fn registering_again_changes_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let first = world.register(registration(user.to_string(), pb::PrivacyLevel::Unspecified)).await?;
    assert_eq!((first.display_name.as_str(), first.time_zone.as_str()), ("Alice", "Pacific/Auckland"));
    assert_eq!(first.privacy_level(), pb::PrivacyLevel::FriendsOnly);
    let other = pb::RegisterProfileRequest {
        display_name: "Mallory".to_owned(),
        ..registration(user.to_string(), pb::PrivacyLevel::Public)
    };
    assert_eq!(world.register(other).await?, first);
    Ok(())
}

#[tokio::test]
async fn registration_completes_a_profile_that_the_first_call_created() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    world.create(user, new_challenge()).await?;
    let get = pb::GetProfileRequest { user_id: user.to_string() };
    let first = world.profiles(user)?.get_profile(get).await?.into_inner().profile.expect("a profile");
    assert_eq!((first.display_name.as_str(), first.time_zone.as_str()), ("", "UTC"));
    let registered = world.register(registration(user.to_string(), pb::PrivacyLevel::Private)).await?;
    assert_eq!((registered.display_name.as_str(), registered.privacy_level()), ("Alice", pb::PrivacyLevel::Private));
    Ok(())
}

#[tokio::test]
async fn a_stranger_sees_only_public_profiles() -> anyhow::Result<()> {
    let world = World::start().await?;
    let stranger = id();
    for (level, visible) in
        [(pb::PrivacyLevel::Public, true), (pb::PrivacyLevel::FriendsOnly, false), (pb::PrivacyLevel::Private, false)]
    {
        let user = id();
        world.register(registration(user.to_string(), level)).await?;
        let get = || pb::GetProfileRequest { user_id: user.to_string() };
        assert!(world.profiles(user)?.get_profile(get()).await.is_ok(), "users see themselves");
        let seen = world.profiles(stranger)?.get_profile(get()).await;
        assert_eq!(seen.is_ok(), visible, "{level:?}");
        if !visible {
            assert_eq!(refused(seen), (Code::NotFound, "PROFILE_NOT_FOUND".to_owned()));
        }
        // A challenge names its creator only to users who see the creator.
        let challenge = world.create(user, new_challenge()).await?;
        assert_eq!(challenge.creator_user_id, user.to_string());
        let named = world.get(stranger, &challenge.challenge_id).await?.creator_user_id;
        assert_eq!(named, if visible { user.to_string() } else { String::new() }, "{level:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_invalid_registration_is_refused_with_its_fields() -> anyhow::Result<()> {
    let world = World::start().await?;
    let bad = pb::RegisterProfileRequest {
        user_id: "alice".to_owned(),
        display_name: "Al\u{202E}ice".to_owned(),
        time_zone: "Mars/Olympus".to_owned(),
        privacy_level: 9,
    };
    assert_eq!(violations(world.register(bad).await), ["user_id", "display_name", "time_zone", "privacy_level"]);
    let by_user = world.profiles(id())?.register_profile(registration(id().to_string(), pb::PrivacyLevel::Public)).await;
    assert_eq!(refused(by_user), (Code::PermissionDenied, "CALLER_NOT_ADMITTED".to_owned()));
    Ok(())
}
