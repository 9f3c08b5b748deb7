//! Featured recipes, and the achievement that social gives for them.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::social::v1::ListAchievementsRequest;
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_testkit::answer::refused;
use pb::DecisionKind::{Feature, Hide, Restore, Unfeature};
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, id};

impl World {
    /// Waits until all events are delivered.
    async fn delivered(&self) -> anyhow::Result<()> {
        self.slice.schema.until("SELECT count(*) FROM outbox", 0).await
    }

    /// Returns the names of a user's achievements for featured recipes, and the recipes.
    async fn featured(&self, user: Uuid) -> anyhow::Result<Vec<String>> {
        let client = self.social.as_ref().expect("a social service").user(user)?;
        let request = ListAchievementsRequest { user_id: user.to_string(), ..Default::default() };
        let answer = AchievementServiceClient::new(client).list_achievements(request).await?.into_inner();
        let of_recipes = answer.achievements.into_iter().filter(|achievement| !achievement.related_entity_id.is_empty());
        Ok(of_recipes.map(|achievement| achievement.related_entity_id).collect())
    }
}

#[tokio::test]
async fn a_featured_recipe_gives_its_author_one_achievement_however_often() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, moderator) = (id(), id());
    let recipe = world.publish(author).await?;
    let before = world.get(author, &recipe).await?;
    assert_eq!(before.feature_time, None);
    for _ in 0..3 {
        for _ in 0..2 {
            let featured = world.decide(moderator, &recipe, Feature).await?;
            assert!(featured.feature_time.is_some());
        }
        world.decide(moderator, &recipe, Unfeature).await?;
    }
    world.delivered().await?;
    assert_eq!(world.featured(author).await?, std::slice::from_ref(&recipe));
    let after = world.get(author, &recipe).await?;
    assert_eq!((after.feature_time, after.etag, after.edit_time), (None, before.etag, before.edit_time));

    let second = world.publish(author).await?;
    world.decide(moderator, &second, Feature).await?;
    world.delivered().await?;
    let mut awarded = world.featured(author).await?;
    let mut expected = vec![recipe, second];
    awarded.sort();
    expected.sort();
    assert_eq!(awarded, expected, "one for each recipe");
    Ok(())
}

#[tokio::test]
async fn featuring_publishes_an_event_each_time_it_begins() -> anyhow::Result<()> {
    let world = World::without_social().await?;
    let recipe = world.publish(id()).await?;
    for kind in [Feature, Feature, Unfeature, Unfeature, Feature] {
        world.decide(id(), &recipe, kind).await?;
    }
    let client = world.slice.schema.connect().await?;
    let rows = client.query("SELECT sequence FROM outbox WHERE consumer = 'social' ORDER BY position", &[]).await?;
    // The first event, that the recipe was published, is not for the social service.
    assert_eq!(rows.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>(), [2, 3]);
    Ok(())
}

#[tokio::test]
async fn a_hidden_recipe_is_not_featured() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, moderator) = (id(), id());
    let recipe = world.publish(author).await?;
    world.decide(moderator, &recipe, Feature).await?;
    assert_eq!(world.decide(moderator, &recipe, Hide).await?.feature_time, None);
    assert_eq!(refused(world.decide(moderator, &recipe, Feature).await), (Code::NotFound, "RECIPE_NOT_FOUND".to_owned()));
    assert_eq!(world.decide(moderator, &recipe, Restore).await?.feature_time, None, "to be featured again is another decision");
    Ok(())
}

#[tokio::test]
async fn a_recipe_that_becomes_private_is_not_featured_any_more() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, moderator) = (id(), id());
    let recipe = world.publish(author).await?;
    let request = pb::FeatureRecipeRequest { recipe_id: recipe.clone(), ..Default::default() };
    world.moderation(moderator, &["moderator"]).feature_recipe(request).await?;
    assert!(world.get(id(), &recipe).await?.feature_time.is_some());
    world.set_public(author, &recipe, false).await?;
    assert_eq!(world.set_public(author, &recipe, true).await?.feature_time, None);
    Ok(())
}
