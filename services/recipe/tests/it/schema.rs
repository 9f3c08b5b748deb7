use std::collections::{BTreeMap, BTreeSet};

use orchard_db::Domain as _;
use orchard_recipe::Service;
use orchard_recipe::error::Recipe;
use orchard_server::Slice as _;
use orchard_testkit::database::Schema;
use orchard_testkit::{schema, upgrade};

async fn migrated() -> anyhow::Result<tokio_postgres::Client> {
    let schema = Schema::create().await?;
    schema.migrate(Service::migrations()).await?;
    schema.connect().await
}

#[tokio::test]
async fn schema_rs_is_what_the_migrations_make() -> anyhow::Result<()> {
    let client = migrated().await?;
    schema::check_described(&client, include_str!("../../src/schema.rs")).await
}

#[tokio::test]
async fn an_earlier_release_is_migrated_to_the_same_schema_as_a_new_database() -> anyhow::Result<()> {
    upgrade::check(include_str!("released/2026-11-29.sql"), Service::migrations).await
}

#[tokio::test]
async fn every_reference_to_a_user_has_its_way_of_erasure() -> anyhow::Result<()> {
    let client = migrated().await?;
    let decided = [
        ("favourite_recipes.user_id", "CASCADE"),
        ("moderation_decisions.moderator_id", "NO ACTION"),
        ("recipe_reports.reporter_id", "NO ACTION"),
        ("recipe_reviews.reviewer_id", "NO ACTION"),
        ("review_helpful_votes.voter_id", "NO ACTION"),
        ("user_recipes.user_id", "CASCADE"),
    ];
    let decided: BTreeMap<_, _> = decided.iter().map(|(from, rule)| (from.to_string(), rule.to_string())).collect();
    assert_eq!(schema::user_references(&client).await?, decided);
    // Each has its way of refusing who was erased, too.
    let names: BTreeSet<_> = decided.keys().map(|from| format!("{}_fkey", from.replace('.', "_"))).collect();
    assert_eq!(names, Recipe::USER_REFERENCES.iter().map(ToString::to_string).collect());
    Ok(())
}

/// The release before writes neither the counters nor the times that this one adds.
#[tokio::test]
async fn what_the_release_before_writes_is_a_whole_recipe() -> anyhow::Result<()> {
    let client = migrated().await?;
    client
        .batch_execute(
            "INSERT INTO users (id) VALUES ('00000000-0000-0000-0000-00000000000a');
             INSERT INTO user_recipes (id, user_id, recipe_name, ingredients, instructions)
             VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 'A', '[]', 'x');",
        )
        .await?;
    let query =
        "SELECT version, edited_at = created_at, ratings_1 + ratings_5 + favourite_count, hidden_at IS NULL FROM user_recipes";
    let row = client.query_one(query, &[]).await?;
    let found: (i64, bool, i32, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!(found, (1, true, 0, true));
    Ok(())
}

/// An explicit plan for each list, however few rows there are.
#[tokio::test]
async fn lists_are_read_from_their_indexes() -> anyhow::Result<()> {
    let client = migrated().await?;
    client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off").await?;
    let id = "'00000000-0000-0000-0000-000000000001'";
    for (query, index) in [
        (
            format!("SELECT id FROM user_recipes WHERE user_id = {id} ORDER BY created_at DESC LIMIT 9"),
            "user_recipes_user_id_created_at_idx",
        ),
        (
            format!("SELECT id FROM recipe_reviews WHERE recipe_id = {id} ORDER BY helpful_votes DESC, id DESC LIMIT 9"),
            "recipe_reviews_recipe_id_helpful_votes_idx",
        ),
        (
            format!("SELECT id FROM recipe_reviews WHERE recipe_id = {id} ORDER BY created_at DESC, id DESC LIMIT 9"),
            "recipe_reviews_recipe_id_created_at_idx",
        ),
        (
            format!(
                "SELECT recipe_id FROM favourite_recipes WHERE user_id = {id} ORDER BY created_at DESC, recipe_id DESC LIMIT 9"
            ),
            "favourite_recipes_user_id_created_at_idx",
        ),
        (
            "SELECT id FROM user_recipes WHERE reported_at IS NOT NULL ORDER BY reported_at, id LIMIT 9".to_owned(),
            "user_recipes_reported_at_idx",
        ),
        (
            format!("SELECT id FROM recipe_reports WHERE recipe_id = {id} ORDER BY created_at, id LIMIT 9"),
            "recipe_reports_recipe_id_created_at_idx",
        ),
        (
            format!("SELECT id FROM moderation_decisions WHERE recipe_id = {id} ORDER BY created_at DESC, id DESC LIMIT 9"),
            "moderation_decisions_recipe_id_created_at_idx",
        ),
        (format!("SELECT sum(change) FROM recipe_counter_changes WHERE recipe_id = {id}"), "recipe_counter_changes_pkey"),
    ] {
        let plan = client.query(&format!("EXPLAIN {query}"), &[]).await?;
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let text = plan.join("\n");
        assert!(text.contains(index) && !text.contains("Sort"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn indexes_serve_and_do_not_repeat() -> anyhow::Result<()> {
    let client = migrated().await?;
    assert_eq!(schema::foreign_keys_without_index(&client).await?, BTreeSet::new());
    assert_eq!(schema::repeated_indexes(&client).await?, BTreeSet::new());
    // The checks can fail.
    client
        .batch_execute(
            "CREATE INDEX idx_recipe_reviews_recipe_reviewer ON recipe_reviews (recipe_id, reviewer_id);
             DROP INDEX recipe_reviews_reviewer_id_idx;",
        )
        .await?;
    assert_eq!(schema::repeated_indexes(&client).await?, BTreeSet::from(["idx_recipe_reviews_recipe_reviewer".to_owned()]));
    let missing = schema::foreign_keys_without_index(&client).await?;
    assert_eq!(missing, BTreeSet::from(["recipe_reviews_reviewer_id_fkey".to_owned()]));
    Ok(())
}
