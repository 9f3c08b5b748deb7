//! Exports: everything that is stored about a user, and nothing about others.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{ExportRecord, ExportUserRequest, ExportUserResponse};
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::client::Client;
use prost_types::value::Kind;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::erasure::left::CANARY;
use crate::friends::{Act, protected};
use crate::world::{World, id};

async fn export(client: &Client, user_id: &str) -> Result<Vec<ExportRecord>, Status> {
    let mut client = PrivacyServiceClient::new(client.clone());
    let answers = client.export_user(ExportUserRequest { user_id: user_id.to_owned(), ..Default::default() }).await?.into_inner();
    answers.map_ok(|answer| answer.record.expect("a record")).try_collect().await
}

/// Returns a column of a record if it is text.
fn column(record: &ExportRecord, name: &str) -> Option<String> {
    match record.row.as_ref()?.fields.get(name)?.kind.clone()? {
        Kind::StringValue(text) => Some(text),
        _ => None,
    }
}

/// Counts the rows of each table that belong to the export of a user.
async fn rows_of(world: &World, user: Uuid) -> anyhow::Result<BTreeMap<String, i64>> {
    let client = world.slice.schema.connect().await?;
    let tables = [
        ("achievement_milestones", "t::text LIKE $1"),
        ("challenge_participants", "t::text LIKE $1"),
        ("challenge_progress", "challenge_participant_id IN (SELECT id FROM challenge_participants p WHERE p::text LIKE $1)"),
        ("children", "t::text LIKE $1"),
        ("community_challenges", "t::text LIKE $1"),
        ("family_memberships", "t::text LIKE $1"),
        // Without rows that only say that another user has blocked them.
        (
            "friendships",
            "t::text LIKE $1 AND NOT (status = 'none' AND CASE WHEN first_user_id::text LIKE $1
                THEN blocked_by_first_at ELSE blocked_by_second_at END IS NULL)",
        ),
        ("notification_preferences", "t::text LIKE $1"),
        ("credit_entries", "t::text LIKE $1"),
        ("orders", "t::text LIKE $1"),
        ("redemptions", "t::text LIKE $1"),
        ("referral_code_misses", "t::text LIKE $1"),
        ("referral_codes", "t::text LIKE $1"),
        ("referrals", "referrer_id::text LIKE $1"),
        ("social_achievements", "t::text LIKE $1"),
        ("users", "t::text LIKE $1"),
    ];
    let mut rows = BTreeMap::new();
    for (table, own) in tables {
        let count = format!("SELECT count(*) FROM {table} AS t WHERE {own}");
        let number: i64 = client.query_one(&count, &[&format!("%{user}%")]).await?.get(0);
        assert!(number > 0, "{table}");
        rows.insert(table.to_owned(), number);
    }
    Ok(rows)
}

#[tokio::test]
async fn an_export_has_all_rows_of_a_user_and_none_of_others() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    world.live(me, other).await?;
    world.refer_and_redeem(me, other).await?;
    // The same for other users, with other texts.
    let (stranger, their_friend) = (id(), id());
    world.live(stranger, their_friend).await?;
    let client = world.slice.schema.connect().await?;
    for (table, column, whose) in [
        ("social_achievements", "description", "user_id"),
        ("users", "display_name", "id"),
        ("community_challenges", "description", "created_by"),
    ] {
        let foreign = format!("UPDATE {table} SET {column} = 'Foreign' WHERE {whose} <> $1");
        client.execute(&foreign, &[&me]).await?;
    }
    world.deliver("family", vec![protected(me, 1)]).await?;
    client.execute("UPDATE users SET referral_credits_earned = 12.50 WHERE id = $1", &[&me]).await?;
    let expected = rows_of(&world, me).await?;
    let exported = export(&world.slice.user(me)?, "").await?;
    let mut counted: BTreeMap<String, i64> = BTreeMap::new();
    for record in &exported {
        *counted.entry(record.table.clone()).or_default() += 1;
    }
    assert_eq!(counted, expected, "{exported:#?}");
    let text = format!("{exported:?}");
    for other in [stranger, their_friend] {
        assert!(!text.contains(&other.to_string()));
    }
    assert!(!text.contains("Foreign"), "{text}");
    for name in ["display_name", "achievement_name", "description", "challenge_name"] {
        assert!(exported.iter().any(|record| column(record, name).as_deref() == Some(CANARY)), "{name}");
    }
    let own = exported.iter().find(|record| record.table == "users").expect("a profile");
    assert_eq!(
        column(own, "referral_credits_earned").as_deref(),
        Some("12.50"),
        "an amount is text, not a floating-point number"
    );
    Ok(())
}

/// This holds whichever of the two users has the higher id.
#[tokio::test]
async fn an_export_does_not_reveal_who_has_blocked_the_user() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..4 {
        let [me, blocks, both] = world.people().await?;
        world.act(Act::Block, blocks, me).await?;
        world.act(Act::Block, me, both).await?;
        let alone = export(&world.slice.user(me)?, "").await?;
        world.act(Act::Block, both, me).await?;
        let exported = export(&world.slice.user(me)?, "").await?;
        assert_eq!(exported, alone, "the other block changes nothing");
        let friendships = exported.iter().filter(|record| record.table == "friendships");
        assert_eq!(friendships.count(), 1);
        assert!(!format!("{exported:?}").contains(&blocks.to_string()));
        // The row is older than the user's own block if the other user has blocked them before.
        world.act(Act::Block, me, blocks).await?;
        let exported = export(&world.slice.user(me)?, "").await?;
        for record in exported.iter().filter(|record| record.table == "friendships") {
            assert_eq!(column(record, "created_at"), None, "it could be earlier than the user's own block");
        }
    }
    Ok(())
}

/// To its referee it would tell that a claim was accepted.
#[tokio::test]
async fn a_referral_is_exported_to_its_referrer_only() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [me, referrer] = world.people().await?;
    let client = world.slice.schema.connect().await?;
    // Of an invitation, and of a claim of the standing code, whose metadata is the claimant's.
    let refer = "INSERT INTO referrals (referrer_id, referee_id, referral_code, metadata, expires_at, signed_up_at)
        VALUES ($1, NULL, 'OWN1', '{\"words\": \"Own\"}', now(), NULL), ($1, $2, 'OWN2', '{\"words\": \"Foreign\"}', now(), now())";
    client.execute(refer, &[&referrer, &me]).await?;
    let of = |exported: Vec<ExportRecord>| exported.into_iter().filter(|record| record.table == "referrals").collect::<Vec<_>>();
    assert_eq!(of(export(&world.slice.user(me)?, "").await?), []);
    let theirs = of(export(&world.slice.user(referrer)?, "").await?);
    assert_eq!(theirs.len(), 2);
    let text = format!("{theirs:?}");
    assert!(text.contains("\"Own\"") && !text.contains("Foreign"), "{text}");
    Ok(())
}

#[tokio::test]
async fn only_operators_and_social_export_other_users() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [me] = world.people().await?;
    let own = export(&world.slice.user(me)?, &me.to_string()).await?;
    assert_eq!(own.len(), 1);
    for client in [world.slice.user_with(id(), &["operator"])?, world.slice.service("social")?] {
        assert_eq!(export(&client, &me.to_string()).await?, own);
    }
    let refusal = (Code::PermissionDenied, "NOT_ONESELF".to_owned());
    for roles in [&[][..], &["moderator"]] {
        assert_eq!(refused(export(&world.slice.user_with(id(), roles)?, &me.to_string()).await), refusal);
    }
    assert_eq!(violations(export(&world.slice.service("social")?, "").await), ["user_id"]);
    assert_eq!(violations(export(&world.slice.user(me)?, "me").await), ["user_id"]);
    assert_eq!(export(&world.slice.user(id())?, "").await?, [], "an unknown user has no data");
    world.erase(me).await?;
    assert_eq!(export(&world.slice.user(me)?, "").await?, [], "an erased user has no data");
    Ok(())
}

#[tokio::test]
async fn an_export_of_several_pages_is_complete() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [me] = world.people().await?;
    let many = "WITH others AS (INSERT INTO users (id) SELECT gen_random_uuid() FROM generate_series(1, 1000) RETURNING id)
        INSERT INTO friendships (first_user_id, second_user_id, status, accepted_at, blocked_by_first_at, blocked_by_second_at)
        SELECT least(id, $1), greatest(id, $1), status, CASE status WHEN 'accepted' THEN now() END,
            CASE WHEN status = 'none' AND id < $1 THEN now() END, CASE WHEN status = 'none' AND id > $1 THEN now() END
        FROM (SELECT id, CASE WHEN random() < 0.5 THEN 'accepted' ELSE 'none' END AS status FROM others) o";
    let client = world.slice.schema.connect().await?;
    client.execute(many, &[&me]).await?;
    let friends: i64 = client.query_one("SELECT count(*) FROM friendships WHERE status = 'accepted'", &[]).await?.get(0);
    let exported = export(&world.slice.user(me)?, "").await?;
    let rows = exported.iter().filter(|record| record.table == "friendships").count();
    assert_eq!(i64::try_from(rows)?, friends, "all friends, and no users who have only blocked them");
    Ok(())
}

#[tokio::test]
async fn an_export_that_is_cut_is_resumed_after_its_last_row() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    world.live(me, other).await?;
    let rows = async |user: Uuid, resume_token: String| {
        let mut client = PrivacyServiceClient::new(world.slice.user(user).expect("a client"));
        let request = ExportUserRequest { resume_token, ..Default::default() };
        client.export_user(request).await?.into_inner().try_collect::<Vec<_>>().await
    };
    let all = rows(me, String::new()).await?;
    assert!(all.len() > 10, "{all:?}");
    let records = |rows: &[ExportUserResponse]| rows.iter().map(|row| row.record.clone()).collect::<Vec<_>>();
    for (index, row) in all.iter().enumerate() {
        assert_eq!(records(&rows(me, row.resume_token.clone()).await?), records(&all[index + 1..]), "after row {index}");
    }
    let token = &all[0].resume_token;
    assert_eq!(violations(rows(other, token.clone()).await), ["resume_token"]);
    assert_eq!(violations(rows(me, token[1..].to_owned()).await), ["resume_token"]);
    Ok(())
}
