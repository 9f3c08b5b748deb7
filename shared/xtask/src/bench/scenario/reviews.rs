//! Reviews of one recipe by 64 reviewers, and of many recipes.

use std::sync::Arc;

use anyhow::{Result, ensure};
use futures::FutureExt as _;
use orchard_proto::recipe::v1::review_service_client::ReviewServiceClient;
use orchard_proto::recipe::v1::{Review, UpdateReviewRequest};
use prost_types::FieldMask;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::bench::calls::Clients;
use crate::bench::data::{self, holder};
use crate::bench::load::Call;
use crate::bench::report::{Finding, Outcome};
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds per call, roughly.
const COST: u64 = 900;
/// Users who review, all of them the same recipe or each of them another.
const REVIEWERS: u64 = 64;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    insert(&world.sql).await?;
    let (clients, recipe) = (world.clients("recipe").await?, world.processes(["recipe"])?);
    let mut sides = vec![
        Side::calls("UpdateReview, one recipe", recipe.clone(), rerate(clients.clone(), |_| hot())),
        Side::calls("UpdateReview, many recipes", recipe, rerate(clients, cold)),
    ];
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let exact: bool = world.sql.query_one(EXACT, &[]).await?.get(0);
    ensure!(exact, "the counters differ from a recount");
    let rate = |round: &Round| round.rate;
    let findings = vec![Finding::ratio("rate of one recipe / of many", sides[0].ratio(rate, &sides[1], rate)).at_least(0.8)];
    let what = "ReviewService/UpdateReview with another rating each time, by 64 reviewers".to_owned();
    Ok(Outcome { what, sides, findings, ..Outcome::default() })
}

fn hot() -> Uuid {
    data::id(8, 0)
}

/// Returns the recipe that only this reviewer reviews.
fn cold(reviewer: u64) -> Uuid {
    data::id(8, reviewer)
}

/// `ReviewService/UpdateReview` of the recipe that `of` chooses for the reviewer.
fn rerate(clients: Clients, of: fn(u64) -> Uuid) -> Call {
    Arc::new(move |number| {
        let reviewer = number % REVIEWERS + 1;
        let rating = i32::try_from(number / REVIEWERS % 5).unwrap_or_default() + 1;
        let review = Review { recipe_id: of(reviewer).to_string(), rating, ..Review::default() };
        let update_mask = Some(FieldMask { paths: vec!["rating".to_owned()] });
        let request = clients.request(reviewer, UpdateReviewRequest { review: Some(review), update_mask });
        let mut client = ReviewServiceClient::new(clients.channel(number));
        async move { client.update_review(request).await.map(drop) }.boxed()
    })
}

/// Inserts a recipe that all reviewers have reviewed, and one for each of them, all by another user.
async fn insert(client: &Client) -> Result<()> {
    let author = holder(REVIEWERS + 1);
    let users: Vec<Uuid> = (1..=REVIEWERS).map(holder).collect();
    let cold: Vec<Uuid> = (1..=REVIEWERS).map(cold).collect();
    let hot = hot();
    client
        .execute(
            "INSERT INTO recipe.users (id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING",
            &[&[users.as_slice(), &[author]].concat()],
        )
        .await?;
    client
        .execute(
            "INSERT INTO recipe.user_recipes (id, user_id, recipe_name, ingredients, instructions, ratings_5)
             SELECT id, $2, 'Apples', '[{\"food\": \"apple\"}]', 'Eat.', CASE id WHEN $3 THEN $4::int ELSE 1 END
             FROM unnest($1::uuid[] || $3::uuid) id ON CONFLICT DO NOTHING",
            &[&cold, &author, &hot, &i32::try_from(REVIEWERS)?],
        )
        .await?;
    client
        .execute(
            "INSERT INTO recipe.recipe_reviews (recipe_id, reviewer_id, rating)
             SELECT recipe, reviewer, 5 FROM unnest($1::uuid[], $2::uuid[]) t (recipe, reviewer)
             UNION ALL SELECT $3, reviewer, 5 FROM unnest($2::uuid[]) reviewer ON CONFLICT DO NOTHING",
            &[&cold, &users, &hot],
        )
        .await?;
    Ok(client.batch_execute("VACUUM (ANALYZE) recipe.user_recipes, recipe.recipe_reviews").await?)
}

/// Whether the counters of all recipes equal a recount.
const EXACT: &str = "SELECT bool_and(r.ratings_5 + (SELECT coalesce(sum(change), 0) FROM recipe.recipe_counter_changes c
                                                     WHERE c.recipe_id = r.id AND c.counter = 5)
                                    = (SELECT count(*) FROM recipe.recipe_reviews v WHERE v.recipe_id = r.id AND v.rating = 5))
    FROM recipe.user_recipes r";
