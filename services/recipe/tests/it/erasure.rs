//! Erasure: what is a user's own goes, and the numbers of others stay.

use std::sync::Arc;

use orchard_proto::privacy::v1::EraseUserRequest;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::refused;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::reviews::summary;
use crate::world::{World, crumble, id, insist, public};

/// A text that only the user has written.
pub const CANARY: &str = "Canary Ünïque";

impl World {
    /// Erases a user, and returns the counts of the receipt: table, deleted, pseudonymised.
    pub async fn erase(&self, user: Uuid) -> Result<Vec<(String, i64, i64)>, Status> {
        let mut client = PrivacyServiceClient::new(self.slice.service("social").expect("client"));
        let answer = client.erase_user(EraseUserRequest { user_id: user.to_string(), ..Default::default() }).await?.into_inner();
        Ok(answer.table_counts.into_iter().map(|count| (count.table, count.rows_deleted, count.rows_pseudonymised)).collect())
    }

    /// Has a user do all that can be done, with texts of theirs, also as a moderator, on recipes of `other`. Returns the recipe of `other`.
    pub async fn live(&self, user: Uuid, other: Uuid) -> anyhow::Result<String> {
        let text = || CANARY.to_owned();
        let own = pb::CreateRecipeRequest { recipe_name: text(), description: text(), tags: vec![text()], ..public() };
        let own = self.create(user, own).await?.recipe_id;
        self.create(user, pb::CreateRecipeRequest { recipe_name: text(), ..crumble() }).await?;
        self.review(other, &own, 1).await?;
        let theirs = self.publish(other).await?;
        let review =
            pb::CreateReviewRequest { recipe_id: theirs.clone(), rating: 5, review_text: text(), request_id: id().to_string() };
        self.reviews(user).create_review(review).await?;
        let rated = self.review(id(), &theirs, 2).await?.review_id;
        self.reviews(user).add_helpful_vote(pb::AddHelpfulVoteRequest { review_id: rated }).await?;
        self.favourites(user).add_favourite(pb::AddFavouriteRequest { recipe_id: theirs.clone() }).await?;
        self.favourites(other).add_favourite(pb::AddFavouriteRequest { recipe_id: own }).await?;
        let report = pb::ReportRecipeRequest { recipe_id: theirs.clone(), reason: pb::ReportReason::Other.into(), note: text() };
        self.moderation(user, &[]).report_recipe(report).await?;
        let dismissal = pb::DismissReportsRequest { recipe_id: theirs.clone(), note: text() };
        self.moderation(user, &["moderator"]).dismiss_reports(dismissal).await?;
        Ok(theirs)
    }

    /// Returns the tables with a row that contains a text.
    pub async fn tables_with(&self, text: &str) -> anyhow::Result<Vec<String>> {
        self.slice.schema.tables_with(&[text.to_owned()]).await
    }
}

#[tokio::test]
async fn nothing_of_an_erased_user_is_left_but_their_stars() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    let theirs = world.live(user, other).await?;
    assert!(world.tables_with(&user.to_string()).await?.len() >= 7 && world.tables_with(CANARY).await?.len() >= 4);
    let before = world.get(other, &theirs).await?;
    assert_eq!((&before.rating, before.favourite_count), (&summary("3.5", [0, 1, 0, 0, 1]), 1));

    let receipt = world.erase(user).await?;
    let row = |table: &str, deleted, pseudonymised| (table.to_owned(), deleted, pseudonymised);
    assert_eq!(
        receipt,
        [
            row("idempotency_keys", 3, 0),
            row("user_recipes", 2, 0),
            row("favourite_recipes", 1, 0),
            row("recipe_reviews", 0, 1),
            row("review_helpful_votes", 0, 1),
            row("recipe_reports", 0, 1),
            row("moderation_decisions", 0, 1),
            row("users", 1, 0),
        ]
    );
    assert_eq!(world.tables_with(&user.to_string()).await?, Vec::<String>::new());
    assert_eq!(world.tables_with(CANARY).await?, Vec::<String>::new());
    let after = world.get(other, &theirs).await?;
    assert_eq!((&after.rating, after.favourite_count), (&before.rating, 0), "the stars stay");
    let reviews = world.list_reviews(other, &theirs).await?;
    let stars: Vec<_> = reviews.iter().map(|review| (review.rating, review.review_text.as_str(), review.helpful_votes)).collect();
    assert_eq!(stars, [(2, "Crunchy", 1), (5, "", 0)], "and their vote");
    assert!(reviews.iter().all(|review| review.reviewer_user_id.is_empty()));
    let favourites = world.favourites(other).count_favourites(pb::CountFavouritesRequest {}).await?.into_inner();
    assert_eq!(favourites.favourites, 0, "their recipe is gone from others' favourites");

    let erased = (Code::FailedPrecondition, "USER_ERASED".to_owned());
    assert_eq!(refused(world.create(user, crumble()).await), erased);
    assert_eq!(refused(world.review(user, &theirs, 5).await), erased);
    assert_eq!(world.erase(user).await?, []);
    Ok(())
}

#[tokio::test]
async fn an_erased_user_does_nothing_any_more() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    let recipe_id = world.publish(other).await?;
    let review_id = world.review(id(), &recipe_id, 3).await?.review_id;
    world.erase(user).await?;
    let note = String::new();
    let report =
        pb::ReportRecipeRequest { recipe_id: recipe_id.clone(), reason: pb::ReportReason::Spam.into(), note: note.clone() };
    let hide = pb::HideRecipeRequest { recipe_id: recipe_id.clone(), note };
    let answers = [
        world.favourites(user).add_favourite(pb::AddFavouriteRequest { recipe_id: recipe_id.clone() }).await.map(drop),
        world.reviews(user).add_helpful_vote(pb::AddHelpfulVoteRequest { review_id }).await.map(drop),
        world.moderation(user, &[]).report_recipe(report).await.map(drop),
        world.moderation(user, &["moderator"]).hide_recipe(hide).await.map(drop),
    ];
    for answer in answers {
        assert_eq!(refused(answer), (Code::FailedPrecondition, "USER_ERASED".to_owned()));
    }
    assert_eq!(world.tables_with(&user.to_string()).await?, Vec::<String>::new());
    Ok(())
}

/// Users are erased while they and others write: each call is answered, and the numbers are right afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasures_race_with_writers() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let author = id();
    let recipes = [world.publish(author).await?, world.publish(author).await?];
    let users: Vec<Uuid> = (0..10).map(|_| id()).collect();
    let mut calls = JoinSet::new();
    for (index, user) in users.iter().copied().enumerate() {
        let (writer, recipes) = (Arc::clone(&world), recipes.clone());
        calls.spawn(async move {
            for recipe in &recipes {
                let recipe_id = recipe.clone();
                let kept = insist(|| async {
                    writer.favourites(user).add_favourite(pb::AddFavouriteRequest { recipe_id: recipe_id.clone() }).await
                });
                let answers = [insist(|| writer.review(user, recipe, 3)).await.map(drop), kept.await.map(drop)];
                for answer in answers {
                    assert!(answer.as_ref().is_ok_and(|()| true) || answer.is_err_and(|s| s.code() == Code::FailedPrecondition));
                }
            }
        });
        if index % 2 == 0 {
            let world = Arc::clone(&world);
            calls.spawn(async move {
                insist(|| world.erase(user)).await.expect("erased");
            });
        }
    }
    calls.join_all().await;
    let client = world.slice.schema.connect().await?;
    for recipe in &recipes {
        let exact = "SELECT (SELECT count(*) FROM recipe_reviews WHERE recipe_id = $1), (SELECT count(*) FROM favourite_recipes WHERE recipe_id = $1)";
        let row = client.query_one(exact, &[&recipe.parse::<Uuid>()?]).await?;
        let seen = world.get(author, recipe).await?;
        let counted = (i64::from(seen.rating.expect("ratings").review_count), i64::from(seen.favourite_count));
        assert_eq!(counted, (row.get(0), row.get(1)));
    }
    for user in users.iter().step_by(2) {
        assert_eq!(world.tables_with(&user.to_string()).await?, Vec::<String>::new());
    }
    Ok(())
}
