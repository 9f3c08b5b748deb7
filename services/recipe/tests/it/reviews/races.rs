//! Reviews and votes of many clients at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::refusal;
use tokio::task::JoinSet;
use tokio_postgres::Client;
use tonic::{Code, Status};
use uuid::Uuid;

use super::summary;
use crate::world::{World, id, insist};

const CLIENTS: usize = 64;
const STEPS: usize = 25;

/// Counts the reviews of a recipe by rating in two ways in one statement: one by one, and as the counters say.
async fn recount(client: &Client, recipe: Uuid) -> anyhow::Result<[(i64, i64); 5]> {
    let mut counted = Vec::new();
    let columns: Vec<String> = (1..=5)
        .map(|stars| {
            format!(
                "(SELECT count(*) FROM recipe_reviews v WHERE v.recipe_id = r.id AND v.rating = {stars}),
                 r.ratings_{stars} + (SELECT coalesce(sum(change), 0) FROM recipe_counter_changes c
                                      WHERE c.recipe_id = r.id AND c.counter = {stars})"
            )
        })
        .collect();
    let row = client.query_one(&format!("SELECT {} FROM user_recipes r WHERE id = $1", columns.join(", ")), &[&recipe]).await?;
    for column in (0..10).step_by(2) {
        counted.push((row.get(column), row.get(column + 1)));
    }
    Ok(counted.try_into().expect("five ratings"))
}

async fn act(world: &World, reviewer: Uuid, recipe: &str) -> Result<(), Status> {
    let rating = fastrand::i32(1..=5);
    let answer = match fastrand::u8(..4) {
        0 | 1 => world.review(reviewer, recipe, rating).await.map(drop),
        2 => world.rerate(reviewer, recipe, rating).await.map(drop),
        _ => world.take_back(reviewer, recipe).await,
    };
    // There is one already, or none yet.
    let is_expected = |status: &Status| ["ALREADY_REVIEWED", "REVIEW_NOT_FOUND"].contains(&refusal(status).reason.as_str());
    answer.or_else(|status| if is_expected(&status) { Ok(()) } else { Err(status) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_equal_a_recount_at_any_moment() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let author = id();
    let recipe = world.publish(author).await?;
    let ends = Arc::new(AtomicBool::new(false));
    let watch = {
        let (world, ends, recipe) = (Arc::clone(&world), Arc::clone(&ends), recipe.parse()?);
        async move {
            let client = world.slice.schema.connect().await?;
            let mut looks = 0;
            while !ends.load(Ordering::Relaxed) {
                let counted = recount(&client, recipe).await?;
                assert!(counted.iter().all(|(one_by_one, counter)| one_by_one == counter), "{counted:?}");
                looks += 1;
            }
            anyhow::Ok(looks)
        }
    };
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (world, recipe, reviewer) = (Arc::clone(&world), recipe.clone(), id());
        clients.spawn(async move {
            for _ in 0..STEPS {
                insist(|| act(&world, reviewer, &recipe)).await?;
            }
            Ok::<_, Status>(())
        });
    }
    let work = async {
        let results = clients.join_all().await;
        ends.store(true, Ordering::Relaxed);
        results.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let (looks, worked) = tokio::join!(watch, work);
    worked?;
    assert!(looks? > 5, "it was looked at during the run");

    let counted = recount(&world.slice.schema.connect().await?, recipe.parse()?).await?;
    assert!(counted.iter().map(|(number, _)| number).sum::<i64>() > 0, "there are reviews: {counted:?}");
    let rating = world.get(author, &recipe).await?.rating.expect("ratings");
    let ratings = counted.map(|(number, _)| i32::try_from(number).expect("a number"));
    assert_eq!(Some(rating.clone()), summary(&rating.average, ratings));
    let stars: i64 = counted.iter().zip(1..).map(|((number, _), stars)| number * stars).sum();
    let exact = stars as f64 / f64::from(rating.review_count);
    assert!((rating.average.parse::<f64>()? - exact).abs() <= 0.005 + 1e-9, "{rating:?} is not {exact}");
    Ok(())
}

/// Everything is in the columns of the recipe in the end, which search sorts by.
#[tokio::test]
async fn counters_are_folded() -> anyhow::Result<()> {
    let world = World::start().await?;
    let recipe = world.publish(id()).await?;
    for rating in [5, 2, 2] {
        world.review(id(), &recipe, rating).await?;
    }
    world.favourites(id()).add_favourite(pb::AddFavouriteRequest { recipe_id: recipe.clone() }).await?;
    world.slice.schema.until("SELECT count(*) FROM recipe_counter_changes", 0).await?;
    let query = "SELECT ratings_2, ratings_5, favourite_count FROM user_recipes";
    let row = world.slice.schema.connect().await?.query_one(query, &[]).await?;
    assert_eq!([0, 1, 2].map(|column| row.get::<_, i32>(column)), [2, 1, 1]);
    assert_eq!(world.get(id(), &recipe).await?.rating, summary("3", [0, 2, 0, 0, 1]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_reviews_of_one_user_one_is_made() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let (author, reviewer) = (id(), id());
    let recipe = world.publish(author).await?;
    let mut calls = JoinSet::new();
    for _ in 0..24 {
        let (world, recipe) = (Arc::clone(&world), recipe.clone());
        calls.spawn(async move { insist(|| world.review(reviewer, &recipe, 4)).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 23));
    assert!(refused.iter().all(|answer| answer.as_ref().is_err_and(|status| status.code() == Code::AlreadyExists)));
    assert_eq!(world.get(author, &recipe).await?.rating, summary("4", [0, 0, 0, 1, 0]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn votes_are_exact_under_a_race() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let recipe = world.publish(id()).await?;
    let review = world.review(id(), &recipe, 4).await?.review_id;
    let voters: Vec<Uuid> = (0..8).map(|_| id()).collect();
    let mut calls = JoinSet::new();
    for index in 0..160 {
        let (world, review, voter) = (Arc::clone(&world), review.clone(), voters[index % voters.len()]);
        calls.spawn(async move { insist(|| world.vote(voter, &review, fastrand::bool())).await });
    }
    calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let exact = "SELECT helpful_votes, (SELECT count(*) FROM review_helpful_votes) FROM recipe_reviews";
    let row = world.slice.schema.connect().await?.query_one(exact, &[]).await?;
    assert_eq!(i64::from(row.get::<_, i32>(0)), row.get::<_, i64>(1));
    for voter in &voters {
        insist(|| world.vote(*voter, &review, true)).await?;
    }
    assert_eq!(world.vote(voters[0], &review, true).await?, 8);
    Ok(())
}

/// The author deletes the recipe while others review it: each call is answered, and nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_ends_a_storm_of_reviews() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let author = id();
    let recipe = world.publish(author).await?;
    let mut calls = JoinSet::new();
    for _ in 0..32 {
        let (world, recipe, reviewer) = (Arc::clone(&world), recipe.clone(), id());
        calls.spawn(async move {
            for _ in 0..6 {
                match insist(|| act(&world, reviewer, &recipe)).await {
                    Err(status) if status.code() != Code::NotFound => return Err(status),
                    Ok(()) | Err(_) => (),
                }
            }
            Ok(())
        });
    }
    world.slice.schema.until("SELECT least(count(*), 1) FROM recipe_reviews", 1).await?;
    let request = pb::DeleteRecipeRequest { recipe_id: recipe.clone(), etag: String::new() };
    insist(|| async { world.recipes(author).delete_recipe(request.clone()).await }).await?;
    calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let count = "SELECT (SELECT count(*) FROM recipe_reviews) + (SELECT count(*) FROM recipe_counter_changes)";
    assert_eq!(world.slice.schema.connect().await?.query_one(count, &[]).await?.get::<_, i64>(0), 0);
    Ok(())
}
