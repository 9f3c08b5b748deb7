//! Who sees achievements.

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::client::insist;
use pb::PrivacyLevel::{FriendsOnly, Public};
use tokio::task::JoinSet;
use tonic::Code;
use uuid::Uuid;

use super::{award, featured};
use crate::world::{World, id};

#[tokio::test]
async fn other_users_see_only_public_achievements() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, stranger) = (id(), id());
    world.settle(user, Public).await?;
    let shown = world.award(user, "Shown").await?;
    let hidden = world.award(user, "Hidden").await?;
    let hide = |is_public| pb::SetAchievementVisibilityRequest { achievement_id: hidden.achievement_id.clone(), is_public };
    let changed = world.achievements(user).set_achievement_visibility(hide(false)).await?.into_inner().achievement;
    assert!(!changed.expect("an achievement").is_public);
    assert_eq!(world.achieved(user, user).await?.len(), 2);
    let seen = world.achieved(stranger, user).await?;
    assert_eq!(seen.iter().map(|one| one.achievement_id.as_str()).collect::<Vec<_>>(), [shown.achievement_id.as_str()]);
    assert_eq!(world.summary(stranger, user).await?.total_points, 7);
    assert_eq!(world.summary(user, user).await?.total_points, 14);
    let not_found = (Code::NotFound, "ACHIEVEMENT_NOT_FOUND".to_owned());
    assert_eq!(refused(world.achievements(stranger).set_achievement_visibility(hide(true)).await), not_found);
    assert_eq!(world.achieved(stranger, user).await?.len(), 1);
    world.achievements(user).set_achievement_visibility(hide(true)).await?;
    assert_eq!(world.achieved(stranger, user).await?.len(), 2);
    Ok(())
}

/// This holds for a public achievement, too.
#[tokio::test]
async fn only_the_user_learns_which_session_an_achievement_is_about() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, session) = (id(), id().to_string());
    world.settle(user, Public).await?;
    let request = pb::AwardAchievementRequest {
        achievement_type: pb::AchievementType::ConsultationCompleted.into(),
        related_entity_id: session.clone(),
        related_entity_type: pb::RelatedEntityType::Session.into(),
        ..award(user, "Tenth consultation")
    };
    let achievement_id = world.award_as(id(), request).await?.achievement_id;
    assert_eq!(world.achieved(id(), user).await?, []);
    let show = pb::SetAchievementVisibilityRequest { achievement_id, is_public: true };
    world.achievements(user).set_achievement_visibility(show).await?;
    assert_eq!(world.achieved(user, user).await?[0].related_entity_id, session);
    let seen = world.achieved(id(), user).await?;
    assert_eq!((seen.len(), seen[0].related_entity_id.as_str(), seen[0].related_entity_type), (1, "", 0));
    Ok(())
}

#[tokio::test]
async fn highlights_are_public_achievements_of_friends_who_share() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [me, friend] = world.people().await?;
    world.befriend(me, friend).await?;
    let before = world.award(friend, "Before").await?;
    let sharing = async |shares: bool| {
        let profile = pb::Profile { social_sharing_enabled: Some(shares), ..Default::default() };
        world.change(friend, profile, &["social_sharing_enabled"]).await
    };
    let highlights = async || {
        let mut client = world.achievements(me);
        let listed = client.list_highlights(pb::ListHighlightsRequest::default()).await?.into_inner().achievements;
        anyhow::Ok(listed.into_iter().map(|one| one.achievement_name).collect::<Vec<_>>())
    };
    assert_eq!(highlights().await?, ["Before"]);
    sharing(false).await?;
    let silent = world.award(friend, "Silent").await?;
    assert!(!silent.is_public, "without sharing, new achievements are not public");
    world.deliver("recipe", vec![featured(id(), 1, friend)]).await?;
    assert!(world.achieved(friend, friend).await?.iter().filter(|one| one.is_public).count() == 1, "also those that events give");
    assert_eq!(highlights().await?, Vec::<String>::new(), "not even public achievements");
    assert_eq!(
        world.achieved(me, friend).await?,
        [pb::Achievement { celebration_shown: None, ..before }],
        "the list of achievements still has the public one"
    );
    // Making an achievement public does not enable sharing.
    let show = pb::SetAchievementVisibilityRequest { achievement_id: silent.achievement_id, is_public: true };
    world.achievements(friend).set_achievement_visibility(show).await?;
    assert_eq!(world.achieved(me, friend).await?.len(), 2);
    assert_eq!(highlights().await?, Vec::<String>::new());
    sharing(true).await?;
    assert_eq!(highlights().await?, ["Silent", "Before"]);
    assert!(world.award(friend, "After").await?.is_public);
    // Achievements of strangers and of the caller are not highlights.
    let stranger = id();
    world.settle(stranger, Public).await?;
    world.award(stranger, "Strange").await?;
    world.award(me, "Mine").await?;
    assert_eq!(highlights().await?, ["After", "Silent", "Before"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_achievement_is_celebrated_once() -> anyhow::Result<()> {
    let world = Arc::new(World::strict().await?);
    let user = id();
    world.settle(user, FriendsOnly).await?;
    let achievement_id = world.award(user, "Party").await?.achievement_id;
    let mark = |by: Uuid| {
        let (world, achievement_id) = (Arc::clone(&world), achievement_id.clone());
        async move {
            insist(|| async {
                let request = pb::MarkCelebrationShownRequest { achievement_id: achievement_id.clone() };
                Ok(world.achievements(by).mark_celebration_shown(request).await?.into_inner().is_first)
            })
            .await
        }
    };
    assert_eq!(refused(mark(id()).await), (Code::NotFound, "ACHIEVEMENT_NOT_FOUND".to_owned()));
    assert_eq!(world.achieved(user, user).await?[0].celebration_shown, Some(false));
    let mut devices = JoinSet::new();
    for _ in 0..20 {
        devices.spawn(mark(user));
    }
    let firsts = devices.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(firsts.iter().filter(|is_first| **is_first).count(), 1);
    assert_eq!(world.achieved(user, user).await?[0].celebration_shown, Some(true));
    assert!(!mark(user).await?);
    Ok(())
}

#[tokio::test]
async fn achievements_are_listed_in_pages_with_the_latest_first() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    world.settle(user, Public).await?;
    for number in 0..5 {
        world.award(user, &format!("{number}")).await?;
    }
    // At the same time, ids decide the order.
    world.slice.schema.connect().await?.batch_execute("UPDATE social_achievements SET achieved_at = '2026-01-01'").await?;
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListAchievementsRequest { user_id: user.to_string(), page_size: 2, page_token };
        let page = world.achievements(user).list_achievements(request).await?.into_inner();
        names.extend(page.achievements.into_iter().map(|one| one.achievement_name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["4", "3", "2", "1", "0"]);
    let first = pb::ListAchievementsRequest { user_id: user.to_string(), page_size: 2, ..Default::default() };
    let token = world.achievements(user).list_achievements(first.clone()).await?.into_inner().next_page_token;
    let of_another_viewer = pb::ListAchievementsRequest { page_token: token.clone(), ..first };
    assert_eq!(violations(world.achievements(id()).list_achievements(of_another_viewer).await), ["page_token"]);
    let highlights = pb::ListHighlightsRequest { page_token: token, page_size: -1, ..Default::default() };
    assert_eq!(violations(world.achievements(user).list_highlights(highlights).await), ["page_size", "page_token"]);
    Ok(())
}
