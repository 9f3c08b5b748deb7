//! Exports: all rows of a user, and none of others.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{ExportRecord, ExportUserRequest};
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::client::Client;
use prost_types::value::Kind;
use tonic::Status;
use uuid::Uuid;

use crate::erasure::left::CANARY;
use crate::world::{World, denied, id};

async fn export(client: &Client, user_id: &str) -> Result<Vec<ExportRecord>, Status> {
    let mut client = PrivacyServiceClient::new(client.clone());
    let answers = client.export_user(ExportUserRequest { user_id: user_id.to_owned(), ..Default::default() }).await?.into_inner();
    answers.map_ok(|answer| answer.record.expect("a record")).try_collect().await
}

/// Returns a text column of a record.
fn column(record: &ExportRecord, name: &str) -> String {
    let value = record.row.as_ref().and_then(|row| row.fields.get(name)).and_then(|value| value.kind.clone());
    let text = if let Some(Kind::StringValue(text)) = value { Some(text) } else { None };
    text.expect("a text")
}

/// Counts the rows that name a user in each exported table.
async fn rows_of(world: &World, user: Uuid) -> anyhow::Result<BTreeMap<String, i64>> {
    let client = world.slice.schema.connect().await?;
    let tables = [
        "users",
        "children",
        "family_plans",
        "family_members",
        "family_invitations",
        "wallet_entries",
        "wallet_holds",
        "nutritional_intake",
    ];
    let mut rows = BTreeMap::new();
    for table in tables {
        let count = format!("SELECT count(*) FROM {table} AS t WHERE t::text LIKE $1");
        rows.insert(table.to_owned(), client.query_one(&count, &[&format!("%{user}%")]).await?.get(0));
    }
    Ok(rows)
}

#[tokio::test]
async fn an_export_has_every_row_of_the_user_and_no_row_of_others() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    world.leave_traces(me, other).await?;
    // The same for other users, with other texts.
    let (them, theirs) = (id(), id());
    world.leave_traces(them, theirs).await?;
    let foreign = "UPDATE family_members SET display_name = 'Foreign' WHERE user_id <> $1";
    let client = world.slice.schema.connect().await?;
    client.execute(foreign, &[&me]).await?;
    client.execute("UPDATE wallet_entries SET reason = 'Foreign' WHERE user_id IS DISTINCT FROM $1", &[&me]).await?;
    let expected = rows_of(&world, me).await?;

    let exported = export(&world.slice.user(me)?, "").await?;
    let mut counted: BTreeMap<String, i64> = BTreeMap::new();
    for record in &exported {
        *counted.entry(record.table.clone()).or_default() += 1;
    }
    assert_eq!(counted, expected, "{exported:#?}");
    let ids: BTreeSet<_> = exported.iter().map(|record| (record.table.clone(), column(record, "id"))).collect();
    assert_eq!(ids.len(), exported.len(), "each row once");
    let text = format!("{exported:?}");
    for stranger in [them, theirs] {
        assert!(!text.contains(&stranger.to_string()));
    }
    assert!(!text.contains("Foreign") && !text.contains("token_hash"), "{text}");
    for name in ["display_name", "relationship", "reason", "family_name"] {
        let has = |record: &ExportRecord| {
            let value = record.row.as_ref().and_then(|row| row.fields.get(name));
            value.is_some_and(|value| value.kind == Some(Kind::StringValue(CANARY.to_owned())))
        };
        assert!(exported.iter().any(has), "{name}");
    }
    let spent = exported.iter().find(|record| record.table == "wallet_entries").expect("a line");
    assert_eq!(column(spent, "amount"), "-1.00", "money is exported as text");
    let plan = exported.iter().find(|record| record.table == "family_plans").expect("a plan").row.clone().expect("a row");
    let columns: Vec<&str> = plan.fields.keys().map(String::as_str).collect();
    assert_eq!(columns, ["billing_account", "family_name", "id", "primary_account_holder", "proposed_holder"]);
    Ok(())
}

#[tokio::test]
async fn only_operators_and_social_export_other_users() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    world.eat(me, 0, &[100]).await?;
    let own = export(&world.slice.user(me)?, &me.to_string()).await?;
    assert_eq!(own.len(), 2);
    for client in [world.slice.user_with(id(), &["operator"])?, world.slice.service("social")?] {
        assert_eq!(export(&client, &me.to_string()).await?, own);
    }
    let refusal = denied("NOT_ONESELF");
    for roles in [&[][..], &["moderator"]] {
        assert_eq!(refused(export(&world.slice.user_with(id(), roles)?, &me.to_string()).await), refusal);
    }
    assert_eq!(violations(export(&world.slice.service("social")?, "").await), ["user_id"]);
    assert_eq!(violations(export(&world.slice.user(me)?, "me").await), ["user_id"]);
    assert_eq!(export(&world.slice.user(id())?, "").await?, [], "nothing is stored about a stranger");
    world.erase(me).await?;
    assert_eq!(export(&world.slice.user(me)?, "").await?, [], "nor about an erased user");
    Ok(())
}

#[tokio::test]
async fn an_export_of_several_pages_is_complete() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    for day in 0..4 {
        world.eat(me, day, &[100; 100]).await?;
    }
    let exported = export(&world.slice.user(me)?, "").await?;
    let ids: BTreeSet<_> = exported.iter().map(|record| column(record, "id")).collect();
    assert_eq!((exported.len(), ids.len()), (401, 401), "two full pages, and the row of the user");
    Ok(())
}
