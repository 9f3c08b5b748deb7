//! What users who do not share keep to themselves, as services and named lists learn it.

use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_testkit::answer::violations;
use orchard_testkit::client::Headers;
use pb::PrivacyLevel::{FriendsOnly, Private, Public};
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, id};

impl World {
    async fn stop_sharing(&self, user: Uuid) -> Result<pb::Profile, Status> {
        let profile = pb::Profile { social_sharing_enabled: Some(false), ..Default::default() };
        self.change(user, profile, &["social_sharing_enabled"]).await
    }

    async fn highlights_of(&self, viewer: Uuid, users: &[Uuid]) -> Result<Vec<String>, Status> {
        let user_ids = users.iter().map(Uuid::to_string).collect();
        let request = pb::ListHighlightsRequest { user_ids, ..Default::default() };
        let listed = self.achievements(viewer).list_highlights(request).await?.into_inner().achievements;
        Ok(listed.into_iter().map(|achievement| achievement.achievement_name).collect())
    }
}

#[tokio::test]
async fn highlights_of_named_users_are_those_of_users_who_share_and_are_seen() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, open, closed, silent, friend) = (id(), id(), id(), id(), id());
    for (user, level, name) in [
        (me, Private, "Mine"),
        (open, Public, "Open"),
        (closed, FriendsOnly, "Closed"),
        (silent, Public, "Silent"),
        (friend, Public, "Friend"),
    ] {
        world.settle(user, level).await?;
        world.award(user, name).await?;
    }
    world.befriend(me, friend).await?;
    world.stop_sharing(silent).await?;
    let hidden = world.award(open, "Hidden").await?.achievement_id;
    let hide = pb::SetAchievementVisibilityRequest { achievement_id: hidden, is_public: false };
    world.achievements(open).set_achievement_visibility(hide).await?;

    let named = [me, open, closed, silent, id()];
    assert_eq!(world.highlights_of(me, &named).await?, ["Open", "Mine"], "friends are not listed unless they are named");
    assert_eq!(world.highlights_of(closed, &named).await?, ["Closed", "Open"]);
    assert_eq!(world.highlights_of(me, &[]).await?, ["Friend"], "nobody named means friends");
    assert_eq!(violations(world.highlights_of(me, &vec![open; 201]).await), ["user_ids"]);

    let page = |user_ids: &[Uuid], page_token: String| pb::ListHighlightsRequest {
        user_ids: user_ids.iter().map(Uuid::to_string).collect(),
        page_size: 1,
        page_token,
    };
    let first = world.achievements(me).list_highlights(page(&named, String::new())).await?.into_inner();
    let second = world.achievements(me).list_highlights(page(&named, first.next_page_token.clone())).await?.into_inner();
    assert_eq!(
        (first.achievements[0].achievement_name.as_str(), second.achievements[0].achievement_name.as_str()),
        ("Open", "Mine")
    );
    let other = world.achievements(me).list_highlights(page(&[open, me], first.next_page_token)).await;
    assert_eq!(violations(other), ["page_token"], "a token is for its users");
    Ok(())
}

#[tokio::test]
async fn only_the_recipe_service_learns_who_does_not_share() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (viewer, open, silent, private) = (id(), id(), id(), id());
    for (user, level) in [(viewer, Public), (open, Public), (silent, Public), (private, Private)] {
        world.settle(user, level).await?;
    }
    world.stop_sharing(silent).await?;
    world.stop_sharing(private).await?;
    let users = [viewer, open, silent, private, id()];
    let mut unsharing = [silent.to_string(), private.to_string()];
    unsharing.sort();
    let (keys, ttl) = (&world.slice.keys, Duration::from_secs(60));
    let user_token = keys.user_token(viewer, &[], ttl)?;
    let acting = |service| Headers::bearer(&keys.workload_token(service, ttl)?)?.with("x-orchard-user-token", &user_token);
    for (headers, expected) in [
        (acting("recipe")?, unsharing.as_slice()),
        (acting("edge")?, &[]),
        (acting("consultation")?, &[]),
        (Headers::bearer(&user_token)?, &[]),
    ] {
        let request = pb::BatchGetProfilesRequest { user_ids: users.iter().map(Uuid::to_string).collect() };
        let answer = ProfileServiceClient::new(world.slice.with(headers)).batch_get_profiles(request).await?.into_inner();
        assert_eq!(answer.unsharing_user_ids, expected);
        let seen: Vec<&str> = answer.profiles.iter().map(|profile| profile.user_id.as_str()).collect();
        assert!(!seen.contains(&private.to_string().as_str()) && seen.len() == 3);
    }
    Ok(())
}
