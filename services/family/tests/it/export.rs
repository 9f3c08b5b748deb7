//! What users take along: all that is held of them, and nothing of anybody else.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{ExportRecord, ExportUserRequest};
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::client::Client;
use prost_types::value::Kind;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::erasure::left::CANARY;
use crate::world::{World, id};

async fn export(client: &Client, user_id: &str) -> Result<Vec<ExportRecord>, Status> {
    let mut client = PrivacyServiceClient::new(client.clone());
    let answers = client.export_user(ExportUserRequest { user_id: user_id.to_owned() }).await?.into_inner();
    answers.map_ok(|answer| answer.record.expect("a record")).try_collect().await
}

/// A column of a record, which must be text.
fn column(record: &ExportRecord, name: &str) -> String {
    let value = record.row.as_ref().and_then(|row| row.fields.get(name)).and_then(|value| value.kind.clone());
    let text = if let Some(Kind::StringValue(text)) = value { Some(text) } else { None };
    text.expect("a text")
}

/// How many rows of each table name the user, in the tables that are exported.
async fn rows_of(world: &World, user: Uuid) -> anyhow::Result<BTreeMap<String, i64>> {
    let client = world.slice.schema.connect().await?;
    let tables =
        ["users", "family_plans", "family_members", "family_invitations", "wallet_entries", "wallet_holds", "nutritional_intake"];
    let mut rows = BTreeMap::new();
    for table in tables {
        let count = format!("SELECT count(*) FROM {table} AS t WHERE t::text LIKE $1");
        rows.insert(table.to_owned(), client.query_one(&count, &[&format!("%{user}%")]).await?.get(0));
    }
    Ok(rows)
}

#[tokio::test]
async fn an_export_is_every_row_of_a_user_and_none_of_anybody_else() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    world.live(me, other).await?;
    // The same again for others, with other words.
    let (them, theirs) = (id(), id());
    world.live(them, theirs).await?;
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
    assert_eq!(ids.len(), exported.len(), "each once");
    let said = format!("{exported:?}");
    for stranger in [them, theirs] {
        assert!(!said.contains(&stranger.to_string()));
    }
    assert!(!said.contains("Foreign") && !said.contains("token_hash"), "{said}");
    for name in ["display_name", "relationship", "reason", "family_name"] {
        let told = |record: &ExportRecord| {
            let value = record.row.as_ref().and_then(|row| row.fields.get(name));
            value.is_some_and(|value| value.kind == Some(Kind::StringValue(CANARY.to_owned())))
        };
        assert!(exported.iter().any(told), "{name}");
    }
    let spent = exported.iter().find(|record| record.table == "wallet_entries").expect("a line");
    assert_eq!(column(spent, "amount"), "-1.00", "no floating point touches money");
    let plan = exported.iter().find(|record| record.table == "family_plans").expect("a plan").row.clone().expect("a row");
    let columns: Vec<&str> = plan.fields.keys().map(String::as_str).collect();
    assert_eq!(columns, ["billing_account", "family_name", "id", "primary_account_holder", "proposed_holder"]);
    Ok(())
}

#[tokio::test]
async fn who_may_name_others() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    world.eat(me, 0, &[100]).await?;
    let own = export(&world.slice.user(me)?, &me.to_string()).await?;
    assert_eq!(own.len(), 2);
    for client in [world.slice.user_with(id(), &["operator"])?, world.slice.service("social")?] {
        assert_eq!(export(&client, &me.to_string()).await?, own);
    }
    let refusal = (Code::PermissionDenied, "NOT_ONESELF".to_owned());
    for roles in [&[][..], &["moderator"]] {
        assert_eq!(refused(export(&world.slice.user_with(id(), roles)?, &me.to_string()).await), refusal);
    }
    assert_eq!(violations(export(&world.slice.service("social")?, "").await), ["user_id"]);
    assert_eq!(violations(export(&world.slice.user(me)?, "me").await), ["user_id"]);
    assert_eq!(export(&world.slice.user(id())?, "").await?, [], "nothing is held of a stranger");
    world.erase(me).await?;
    assert_eq!(export(&world.slice.user(me)?, "").await?, [], "nor of who was erased");
    Ok(())
}

#[tokio::test]
async fn an_export_of_several_pages_is_whole() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    for day in 0..4 {
        world.eat(me, day, &[100; 100]).await?;
    }
    let exported = export(&world.slice.user(me)?, "").await?;
    let ids: BTreeSet<_> = exported.iter().map(|record| column(record, "id")).collect();
    assert_eq!((exported.len(), ids.len()), (401, 401), "two full pages, and the place on the roll");
    Ok(())
}
