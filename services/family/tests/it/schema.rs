use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orchard_db::Domain as _;
use orchard_family::Service;
use orchard_family::error::Family;
use orchard_server::Slice as _;
use orchard_testkit::database::Schema;
use orchard_testkit::{schema, upgrade};
use tokio::task::JoinSet;

async fn migrated() -> anyhow::Result<Schema> {
    let schema = Schema::create().await?;
    schema.migrate(Service::migrations()).await?;
    Ok(schema)
}

#[tokio::test]
async fn schema_rs_is_what_the_migrations_make() -> anyhow::Result<()> {
    let client = migrated().await?.connect().await?;
    schema::check_described(&client, include_str!("../../src/schema.rs")).await
}

#[tokio::test]
async fn an_earlier_release_is_migrated_to_the_same_schema_as_a_new_database() -> anyhow::Result<()> {
    upgrade::check(include_str!("released/2026-11-29.sql"), Service::migrations).await
}

#[tokio::test]
async fn every_reference_to_a_user_has_its_way_of_erasure() -> anyhow::Result<()> {
    let client = migrated().await?.connect().await?;
    let decided = [
        ("children.guardian_user_id", "SET NULL"),
        ("children.user_id", "CASCADE"),
        ("family_invitations.accepted_by", "NO ACTION"),
        ("family_invitations.invited_by", "NO ACTION"),
        ("family_invitations.invitee_user_id", "CASCADE"),
        ("family_members.guardian_user_id", "SET NULL"),
        ("family_members.user_id", "CASCADE"),
        ("family_plans.billing_account", "SET NULL"),
        ("family_plans.primary_account_holder", "SET NULL"),
        ("family_plans.proposed_holder", "SET NULL"),
        ("invitation_declines.invitee_user_id", "CASCADE"),
        ("invitation_declines.inviter_user_id", "CASCADE"),
        ("nutritional_intake.user_id", "CASCADE"),
        ("user_blocks.blocked_user_id", "CASCADE"),
        ("user_blocks.blocker_user_id", "CASCADE"),
        ("wallet_entries.user_id", "NO ACTION"),
        ("wallet_holds.user_id", "NO ACTION"),
    ];
    let decided: BTreeMap<_, _> = decided.iter().map(|(from, rule)| (from.to_string(), rule.to_string())).collect();
    assert_eq!(schema::user_references(&client).await?, decided);
    // Each has its way of refusing who was erased, too.
    let names: BTreeSet<_> = decided.keys().map(|from| format!("{}_fkey", from.replace('.', "_"))).collect();
    assert_eq!(names, Family::USER_REFERENCES.iter().map(ToString::to_string).collect());
    Ok(())
}

#[tokio::test]
async fn erasing_people_keeps_the_familys_money() -> anyhow::Result<()> {
    let client = migrated().await?.connect().await?;
    client
        .batch_execute(
            "INSERT INTO users (id) VALUES ('00000000-0000-0000-0000-00000000000a'), ('00000000-0000-0000-0000-00000000000b');
             INSERT INTO family_plans (id, family_name, primary_account_holder, billing_account, shared_wallet_balance)
             VALUES ('00000000-0000-0000-0000-000000000001', 'F', '00000000-0000-0000-0000-00000000000a',
                     '00000000-0000-0000-0000-00000000000b', 5);
             INSERT INTO family_members (family_plan_id, user_id) VALUES
                 ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b');
             INSERT INTO nutritional_intake (user_id, consumption_date, calories_consumed, meal, source)
             VALUES ('00000000-0000-0000-0000-00000000000b', '2026-01-01', 1, 'lunch', 'manual');
             INSERT INTO wallet_entries (family_plan_id, user_id, service, reference, kind, amount, balance, reason, sequence)
             VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', 's', 'r', 'spend', -1, 5, 'x', 1);",
        )
        .await?;
    let erase = async |last: char| {
        client.batch_execute(&format!("DELETE FROM users WHERE id = '00000000-0000-0000-0000-00000000000{last}'")).await
    };
    let refused = |result: Result<(), tokio_postgres::Error>| {
        let error = result.expect_err("refused");
        error.as_db_error().and_then(|error| error.constraint().map(str::to_owned)).expect("a constraint")
    };
    assert_eq!(refused(erase('a').await), "family_plans_active_holder_check", "an active plan keeps its holder");
    assert_eq!(refused(erase('b').await), "wallet_entries_user_id_fkey", "the ledger keeps its lines");

    // A pseudonym takes over what must stay; the rest goes with the person.
    client
        .batch_execute(
            "INSERT INTO users (id) VALUES ('00000000-0000-0000-0000-00000000000c');
             UPDATE wallet_entries SET user_id = '00000000-0000-0000-0000-00000000000c';
             UPDATE family_plans SET is_active = false;",
        )
        .await?;
    erase('b').await?;
    erase('a').await?;
    let left = client
        .query_one(
            "SELECT (SELECT count(*) FROM family_members) || ' ' || (SELECT count(*) FROM nutritional_intake) || ' ' ||
                    (SELECT count(*) FROM wallet_entries) || ' ' || (SELECT shared_wallet_balance FROM family_plans) || ' ' ||
                    (SELECT count(*) FROM family_plans WHERE primary_account_holder IS NULL AND billing_account IS NULL)",
            &[],
        )
        .await?;
    assert_eq!(left.get::<_, String>(0), "0 0 1 5.00 1");
    Ok(())
}

#[tokio::test]
async fn indexes_serve_and_do_not_repeat() -> anyhow::Result<()> {
    let client = migrated().await?.connect().await?;
    assert_eq!(schema::foreign_keys_without_index(&client).await?, BTreeSet::new());
    assert_eq!(schema::repeated_indexes(&client).await?, BTreeSet::new());
    // The checks can fail: they see what the spec's own indexes would have been.
    client
        .batch_execute(
            "CREATE INDEX idx_family_members_plan_user ON family_members (family_plan_id, user_id);
             DROP INDEX family_members_user_id_idx;",
        )
        .await?;
    assert_eq!(schema::repeated_indexes(&client).await?, BTreeSet::from(["idx_family_members_plan_user".to_owned()]));
    let missing = schema::foreign_keys_without_index(&client).await?;
    assert_eq!(missing, BTreeSet::from(["family_members_user_id_fkey".to_owned()]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_migrate_at_once_and_each_migration_is_applied_once() -> anyhow::Result<()> {
    let schema = Arc::new(Schema::create().await?);
    let mut migrations = JoinSet::new();
    for _ in 0..10 {
        let schema = Arc::clone(&schema);
        migrations.spawn(async move { schema.migrate(Service::migrations()).await });
    }
    let applied: Vec<_> = migrations.join_all().await.into_iter().collect::<Result<_, _>>()?;
    let workers: Vec<_> = applied.iter().filter(|names| !names.is_empty()).collect();
    assert_eq!(workers.len(), 1, "one works, the others find nothing left: {applied:?}");
    Ok(())
}
