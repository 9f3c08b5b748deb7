use std::collections::{BTreeMap, BTreeSet};

use orchard_recipe::Service;
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
    let decided = [("recipe_reviews.reviewer_id", "CASCADE"), ("user_recipes.user_id", "CASCADE")];
    let decided: BTreeMap<_, _> = decided.iter().map(|(from, rule)| (from.to_string(), rule.to_string())).collect();
    assert_eq!(schema::user_references(&client).await?, decided);
    Ok(())
}

#[tokio::test]
async fn erasing_a_user_deletes_only_their_recipes_and_reviews() -> anyhow::Result<()> {
    let client = migrated().await?;
    client
        .batch_execute(
            r#"INSERT INTO users (id) VALUES ('00000000-0000-0000-0000-00000000000a'), ('00000000-0000-0000-0000-00000000000b');
             INSERT INTO user_recipes (id, user_id, recipe_name, ingredients, instructions) VALUES
                 ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 'A', '[]', 'x'),
                 ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000b', 'B', '[]', 'x');
             INSERT INTO recipe_reviews (recipe_id, reviewer_id, rating) VALUES
                 ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', 5),
                 ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000a', 5);
             DELETE FROM users WHERE id = '00000000-0000-0000-0000-00000000000a';"#,
        )
        .await?;
    let query = "SELECT (SELECT string_agg(recipe_name, '') FROM user_recipes) || (SELECT count(*) FROM recipe_reviews)";
    assert_eq!(client.query_one(query, &[]).await?.get::<_, String>(0), "B0");
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
