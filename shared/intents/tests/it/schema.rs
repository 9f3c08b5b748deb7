use orchard_db::Migrations;
use orchard_intents::migrations::INTENTS;
use orchard_testkit::database::Schema;
use orchard_testkit::schema;

#[tokio::test]
async fn schema_rs_is_what_the_migrations_make() -> anyhow::Result<()> {
    let database = Schema::create().await?;
    database.migrate(Migrations::new([INTENTS])).await?;
    let described = schema::declared(include_str!("../../src/schema.rs"));
    assert_eq!(described, schema::migrated(&database.connect().await?).await?);
    Ok(())
}
