use diesel::migration::MigrationSource as _;
use orchard_db::{EmbeddedMigrations, Migrations, migrations};
use orchard_testkit::database::Schema;
use orchard_testkit::schema;

/// A slice's own migrations.
const SLICE: EmbeddedMigrations = diesel_migrations::embed_migrations!("tests/it/migrations");

#[tokio::test]
async fn schema_rs_is_what_the_migrations_make() -> anyhow::Result<()> {
    let database = Schema::create().await?;
    database.migrate(Migrations::new([migrations::IDEMPOTENCY_KEYS])).await?;
    let described = schema::declared(include_str!("../../src/schema.rs"));
    assert_eq!(described, schema::migrated(&database.connect().await?).await?);
    Ok(())
}

#[tokio::test]
async fn migrations_of_all_sources_are_applied_in_the_order_of_their_versions() -> anyhow::Result<()> {
    let database = Schema::create().await?;
    let all = || Migrations::new([SLICE, migrations::IDEMPOTENCY_KEYS]);
    assert_eq!(database.migrate(all()).await?, ["20261120000001", "20261123000001", "20261123000002"]);
    assert!(database.migrate(all()).await?.is_empty(), "nothing is left to apply");
    Ok(())
}

#[tokio::test]
async fn a_source_that_a_slice_adds_later_is_applied_in_spite_of_its_earlier_version() -> anyhow::Result<()> {
    let database = Schema::create().await?;
    database.migrate(Migrations::new([SLICE])).await?;
    let applied = database.migrate(Migrations::new([migrations::IDEMPOTENCY_KEYS, SLICE])).await?;
    assert_eq!(applied, ["20261120000001"]);
    Ok(())
}

#[test]
fn two_migrations_of_one_version_are_refused() {
    let refused = Migrations::new([SLICE, SLICE]).migrations().err().map(|error| error.to_string());
    let expected = "the migrations 2026-11-23-000001_trees and 2026-11-23-000001_trees have the same version";
    assert_eq!(refused.as_deref(), Some(expected));
}
