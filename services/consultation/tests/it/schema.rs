use std::collections::{BTreeMap, BTreeSet};

use orchard_consultation::Service;
use orchard_consultation::error::Consultation;
use orchard_db::Domain as _;
use orchard_server::Slice as _;
use orchard_testkit::database::Schema;
use orchard_testkit::{schema, upgrade};

pub async fn migrated() -> anyhow::Result<tokio_postgres::Client> {
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
        ("consultation_sessions.booked_by", "NO ACTION"),
        ("consultation_sessions.user_id", "NO ACTION"),
        ("health_professionals.entered_by", "SET NULL"),
        ("health_professionals.user_id", "SET NULL"),
        ("session_payments.user_id", "NO ACTION"),
        ("time_claims.held_by", "NO ACTION"),
        ("time_claims.user_id", "NO ACTION"),
    ];
    let decided: BTreeMap<_, _> = decided.iter().map(|(from, rule)| (from.to_string(), rule.to_string())).collect();
    assert_eq!(schema::user_references(&client).await?, decided);
    // Each has its way of refusing who was erased, too.
    let names: BTreeSet<_> = decided.keys().map(|from| format!("{}_fkey", from.replace('.', "_"))).collect();
    assert_eq!(names, Consultation::USER_REFERENCES.iter().map(ToString::to_string).collect());
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
            "CREATE INDEX idx_health_professionals_user ON health_professionals (user_id);
             DROP INDEX consultation_sessions_professional_id_session_date_idx;",
        )
        .await?;
    assert_eq!(schema::repeated_indexes(&client).await?, BTreeSet::from(["idx_health_professionals_user".to_owned()]));
    let missing = schema::foreign_keys_without_index(&client).await?;
    assert_eq!(missing, BTreeSet::from(["consultation_sessions_professional_id_fkey".to_owned()]));
    Ok(())
}
