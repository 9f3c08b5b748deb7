//! Milestones count each entity exactly once.

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::refused;
use pb::MilestoneType::RecipesFeatured;
use pb::PrivacyLevel::Public;
use pb::social_context::Entity;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::achievements::{award, featured};
use crate::world::{World, id};

impl World {
    pub async fn milestones(&self, viewer: Uuid, user: Uuid) -> Result<Vec<pb::Milestone>, Status> {
        let request = pb::ListMilestonesRequest { user_id: user.to_string(), ..Default::default() };
        Ok(self.achievements(viewer).list_milestones(request).await?.into_inner().milestones)
    }
}

fn counts(milestones: &[pb::Milestone]) -> Vec<(i32, i32, bool)> {
    milestones.iter().map(|one| (one.target, one.current, one.achieved)).collect()
}

/// An operator's award replaces an event that is lost or late.
#[tokio::test]
async fn a_recipe_counts_once_by_an_operators_award_or_by_its_event() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [user] = world.people().await?;
    let by_hand = |recipe: uuid::Uuid| pb::AwardAchievementRequest {
        achievement_type: pb::AchievementType::RecipeFeatured.into(),
        related_entity_id: recipe.to_string(),
        related_entity_type: pb::RelatedEntityType::Recipe.into(),
        ..award(user, "Recipe featured")
    };
    let (lost, late) = (id(), id());
    world.award_as(id(), by_hand(lost)).await?;
    world.award_as(id(), by_hand(late)).await?;
    world.deliver("recipe", vec![featured(late, 1, user)]).await?;
    world.award_as(id(), by_hand(late)).await?;
    let counts: Vec<_> = world.milestones(user, user).await?.iter().map(|one| one.current).collect();
    assert_eq!(counts, [2, 2]);
    Ok(())
}

#[tokio::test]
async fn each_recipe_counts_and_each_reached_target_is_awarded() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let mut points = 0;
    for number in 1..=6 {
        let recipe = id();
        world.deliver("recipe", vec![featured(recipe, 1, user)]).await?;
        let milestones = world.milestones(user, user).await?;
        assert_eq!(counts(&milestones), [(1, number, true), (5, number, number >= 5)]);
        for milestone in &milestones {
            assert_eq!((milestone.milestone_type(), milestone.is_social_achievement), (RecipesFeatured, true));
            assert_eq!(milestone.achieve_time.is_some(), milestone.achieved);
            let last = milestone.social_context.clone().and_then(|context| context.entity);
            assert_eq!(last, Some(Entity::RecipeId(recipe.to_string())), "the recipe that was counted last");
        }
        points += 10 + if number == 1 { 10 } else { 0 } + if number == 5 { 50 } else { 0 };
        assert_eq!(world.summary(user, user).await?.total_points, points, "after {number}");
    }
    let sums = world.summary(user, user).await?;
    assert_eq!(
        (sums.achievement_count, sums.badges),
        (8, vec!["recipes_featured_1".to_owned(), "recipes_featured_5".to_owned()])
    );
    Ok(())
}

/// Events of several authors are delivered several times at the same time, in different orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_exact_in_any_order_of_events() -> anyhow::Result<()> {
    let world = Arc::new(World::strict().await?);
    let authors: [Uuid; 4] = std::array::from_fn(|_| id());
    // Author n has n + 3 recipes.
    let recipes: Vec<(Uuid, Uuid)> =
        authors.iter().enumerate().flat_map(|(n, author)| (0..=n + 2).map(|_| (id(), *author))).collect();
    let mut calls = JoinSet::new();
    for _ in 0..12 {
        let (world, mut recipes) = (Arc::clone(&world), recipes.clone());
        fastrand::shuffle(&mut recipes);
        calls.spawn(async move {
            for some in recipes.chunks(5) {
                let events = some.iter().map(|(recipe, author)| featured(*recipe, fastrand::i64(1..=3), *author)).collect();
                world.deliver("recipe", events).await?;
            }
            Ok::<_, Status>(())
        });
    }
    for answer in calls.join_all().await {
        answer?;
    }
    for (n, author) in (3..).zip(authors) {
        let milestones = world.milestones(author, author).await?;
        assert_eq!(counts(&milestones), [(1, n, true), (5, n, n >= 5)]);
        let sums = world.summary(author, author).await?;
        assert_eq!(sums.total_points, i64::from(n) * 10 + 10 + if n >= 5 { 50 } else { 0 });
    }
    Ok(())
}

#[tokio::test]
async fn other_users_see_shared_milestones_without_what_was_counted_last() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, other) = (id(), id());
    world.settle(user, Public).await?;
    world.deliver("recipe", vec![featured(id(), 1, user)]).await?;
    assert!(world.milestones(other, user).await?.is_empty(), "not shared yet");
    let first = world.milestones(user, user).await?.remove(0);
    let share = |is_public| pb::SetMilestoneVisibilityRequest { milestone_id: first.milestone_id.clone(), is_public };
    let not_found = (Code::NotFound, "MILESTONE_NOT_FOUND".to_owned());
    assert_eq!(refused(world.achievements(other).set_milestone_visibility(share(true)).await), not_found);
    let shared = world.achievements(user).set_milestone_visibility(share(true)).await?.into_inner().milestone.expect("one");
    assert!(shared.is_public && shared.social_context.is_some());
    assert_eq!(world.milestones(other, user).await?, [pb::Milestone { social_context: None, ..shared }]);
    world.achievements(user).set_milestone_visibility(share(false)).await?;
    assert!(world.milestones(other, user).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn milestones_are_listed_in_pages() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    world.deliver("recipe", vec![featured(id(), 1, user)]).await?;
    // Milestones of a type that is not counted yet.
    let more = "INSERT INTO achievement_milestones (user_id, milestone_type, target, current)
        SELECT $1, 'conversions', t, 0 FROM unnest(ARRAY[25, 1, 10, 5]) t";
    world.slice.schema.connect().await?.execute(more, &[&user]).await?;
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListMilestonesRequest { user_id: user.to_string(), page_size: 4, page_token };
        let page = world.achievements(user).list_milestones(request).await?.into_inner();
        listed.extend(page.milestones.iter().map(|one| (one.milestone_type, one.target)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, [(1, 1), (1, 5), (1, 10), (1, 25), (3, 1), (3, 5)]);
    Ok(())
}

/// A later release may add a target.
#[tokio::test]
async fn a_new_target_starts_at_the_count_of_the_others() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    for _ in 0..5 {
        world.deliver("recipe", vec![featured(id(), 1, user)]).await?;
    }
    let delete =
        "DELETE FROM achievement_milestones WHERE target = 1; DELETE FROM social_achievements WHERE achievement_name LIKE '1 %'";
    world.slice.schema.connect().await?.batch_execute(delete).await?;
    world.deliver("recipe", vec![featured(id(), 1, user)]).await?;
    assert_eq!(counts(&world.milestones(user, user).await?), [(1, 6, true), (5, 6, true)]);
    assert!(world.achieved(user, user).await?.iter().any(|one| one.achievement_name == "1 featured recipe"));
    Ok(())
}
