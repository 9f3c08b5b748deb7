//! Exports: everything that is stored about a user, and nothing about others.

use std::collections::BTreeMap;

use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{ExportRecord, ExportUserRequest};
use orchard_testkit::answer::refused;
use orchard_testkit::client::Client;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::erasure::CANARY;
use crate::world::{World, id};

async fn export(client: Client, user_id: &str) -> Result<Vec<ExportRecord>, Status> {
    let request = ExportUserRequest { user_id: user_id.to_owned(), ..Default::default() };
    let mut answers = PrivacyServiceClient::new(client).export_user(request).await?.into_inner();
    let mut records = Vec::new();
    while let Some(answer) = answers.message().await? {
        records.push(answer.record.expect("a record"));
    }
    Ok(records)
}

#[tokio::test]
async fn an_export_has_all_rows_of_a_user_and_none_of_others() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    world.live(me, other).await?;
    // The same for other users, with other texts.
    let (stranger, friend) = (id(), id());
    world.live(stranger, friend).await?;
    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE user_recipes SET recipe_name = 'Foreign', updated_at = now() WHERE user_id <> $1", &[&me]).await?;
    client
        .execute("UPDATE recipe_reviews SET review_text = 'Foreign', updated_at = now() WHERE reviewer_id <> $1", &[&me])
        .await?;

    let tables = [
        ("favourite_recipes", "user_id"),
        ("moderation_decisions", "moderator_id"),
        ("recipe_reports", "reporter_id"),
        ("recipe_reviews", "reviewer_id"),
        ("review_helpful_votes", "voter_id"),
        ("user_recipes", "user_id"),
        ("users", "id"),
    ];
    let mut expected = BTreeMap::new();
    for (table, whose) in tables {
        let count = format!("SELECT count(*) FROM {table} WHERE {whose} = $1");
        let rows: i64 = client.query_one(&count, &[&me]).await?.get(0);
        assert!(rows > 0, "{table}");
        expected.insert(table.to_owned(), rows);
    }
    // The ids of requests say nothing of the user but that there were requests.
    let named = world.tables_with(&me.to_string()).await?;
    assert!(named.iter().all(|table| expected.contains_key(table) || table == "idempotency_keys"), "{named:?}");

    let exported = export(world.slice.user(me)?, "").await?;
    let mut counted: BTreeMap<String, i64> = BTreeMap::new();
    for record in &exported {
        *counted.entry(record.table.clone()).or_default() += 1;
    }
    assert_eq!(counted, expected);
    let text = format!("{exported:?}");
    assert!(!text.contains("Foreign"));
    assert!([other, stranger, friend].iter().all(|user| !text.contains(&user.to_string())));
    assert!(text.matches(CANARY).count() >= 6, "name twice, description, tag, review, report, decision: {text}");
    Ok(())
}

#[tokio::test]
async fn users_export_only_themselves() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other): (Uuid, Uuid) = (id(), id());
    world.publish(me).await?;
    let not_oneself = (Code::PermissionDenied, "NOT_ONESELF".to_owned());
    assert_eq!(refused(export(world.slice.user(other)?, &me.to_string()).await), not_oneself);
    assert_eq!(export(world.slice.user(me)?, &me.to_string()).await?.len(), 2);
    assert_eq!(export(world.slice.service("social")?, &me.to_string()).await?.len(), 2);
    assert_eq!(export(world.slice.user_with(other, &["operator"])?, &me.to_string()).await?.len(), 2);
    Ok(())
}
