//! Calls of an erased user, whose token is still valid, and calls of others that name them.

use std::sync::Arc;

use orchard_db::Domain as _;
use orchard_family::error::Family;
use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use pb::MemberRole::{Guest, Member};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use super::spellings;
use crate::world::{RowLock, World, denied, failed, id};

fn erased() -> (Code, String) {
    failed("USER_ERASED")
}

fn refused_error<T>(answer: Result<T, anyhow::Error>) -> (Code, String) {
    refused(answer.map(|_| ()).map_err(|error| error.downcast::<Status>().expect("a status")))
}

#[tokio::test]
async fn nothing_is_stored_about_an_erased_user() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    let plan = world.family(other).await?;
    let open = world.invite(&plan, other, None, Member).await?;
    let unknown = id();
    assert_eq!(world.erase(unknown).await?, [], "nothing was stored about them");
    world.leave_traces(me, other).await?;
    world.erase(me).await?;
    world.clear_outbox().await?;
    for user in [me, unknown] {
        assert_eq!(refused_error(world.family(user).await), erased());
        assert_eq!(refused_error(world.eat(user, 0, &[1]).await), erased());
        assert_eq!(refused(world.accept_token(user, &open.token).await), erased());
        assert_eq!(refused(world.invite(&plan, other, Some(user), Guest).await), erased());
        assert_eq!(world.erase(user).await?, [], "repeated");
        assert_eq!(world.tables_with(&spellings(user)).await?, Vec::<String>::new());
    }
    assert_eq!(refused(world.spend(&plan, me, 1, id()).await).1, "PLAN_NOT_FOUND");
    assert_eq!(refused(world.read(&plan, me).await).1, "PLAN_NOT_FOUND");
    assert!(world.plans(me)?.list_plans(pb::ListPlansRequest::default()).await?.into_inner().plans.is_empty());
    assert!(world.nutrition(me)?.list_intakes(pb::ListIntakesRequest::default()).await?.into_inner().intakes.is_empty());
    let mine = world.invitations(me)?.list_my_invitations(pb::ListMyInvitationsRequest::default()).await?.into_inner();
    assert!(mine.invitations.is_empty());
    world.accept_token(id(), &open.token).await?;
    Ok(())
}

/// SQL stands in for an erasure in progress, of a user whom the slice knows and of one whom it does not.
#[tokio::test]
async fn a_call_that_waits_for_an_erasure_is_refused() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for is_known in [true, false] {
        let me = id();
        if is_known {
            world.eat(me, 0, &[100]).await?;
        }
        let lock = RowLock { client: world.slice.schema.connect().await? };
        let erase = format!(
            "BEGIN; INSERT INTO users (id) VALUES ('{me}') ON CONFLICT DO NOTHING;
             SELECT 1 FROM users WHERE id = '{me}' FOR UPDATE;"
        );
        lock.client.batch_execute(&erase).await?;
        let mut calls = JoinSet::new();
        let caller = Arc::clone(&world);
        calls.spawn(async move { caller.eat(me, 0, &[1]).await });
        lock.waiter().await?;
        let strike = format!(
            "DELETE FROM nutritional_intake WHERE user_id = '{me}'; DELETE FROM idempotency_keys WHERE caller = '{me}';
             INSERT INTO erased_users (user_hash) VALUES (sha256(uuid_send('{me}'))); DELETE FROM users WHERE id = '{me}'; COMMIT"
        );
        lock.client.batch_execute(&strike).await?;
        assert_eq!(refused_error(calls.join_next().await.expect("a call")?), erased(), "{is_known}");
        assert_eq!(world.tables_with(&spellings(me)).await?, Vec::<String>::new());
    }
    Ok(())
}

/// No call gets here, because it checks the user's row first. So the test deletes the row of a member without their other rows.
#[tokio::test]
async fn a_violated_user_reference_is_refused_as_user_erased() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, me) = (id(), id());
    let plan = world.family(holder).await?;
    world.deposit(&plan, 100, "pay-1").await?;
    world.join(&plan, holder, me, Member).await?;
    let gone = format!(
        "ALTER TABLE family_members DROP CONSTRAINT family_members_user_id_fkey;
         DELETE FROM family_invitations; DELETE FROM users WHERE id = '{me}'"
    );
    world.slice.schema.connect().await?.batch_execute(&gone).await?;
    assert_eq!(refused(world.spend(&plan, me, 1, id()).await), erased());
    assert!(Family::USER_REFERENCES.contains(&"wallet_entries_user_id_fkey"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_concurrent_erasures_erase_a_user_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..10 {
        let (me, other) = (id(), id());
        let plans = world.leave_traces(me, other).await?;
        world.clear_outbox().await?;
        let operator = || world.slice.user_with(id(), &["operator"]);
        let (one, two) = (operator()?, operator()?);
        let (first, second) = tokio::join!(world.erase_as(&one, me), world.erase_as(&two, me));
        let receipts = [first?, second?];
        assert_eq!(receipts.iter().filter(|receipt| receipt.is_empty()).count(), 1, "{receipts:?}");
        assert_eq!(receipts.concat().len(), 8, "{receipts:?}");
        let left = "SELECT count(*) FROM outbox WHERE event_type LIKE '%MemberLeft'";
        assert_eq!(world.number(left).await?, 3, "one event for each plan that the user left");
        world.clear_outbox().await?;
        assert_eq!(world.tables_with(&spellings(me)).await?, Vec::<String>::new());
        for plan in plans {
            world.balance(&plan).await?;
            world.seats(&plan).await?;
        }
    }
    // One pseudonym for each round: it replaces the user in all plans.
    assert_eq!(world.number("SELECT count(*) FROM users WHERE created_at = 'epoch'").await?, 10);
    assert_eq!(world.number("SELECT count(*) FROM erased_users").await?, 10);
    Ok(())
}

#[tokio::test]
async fn users_erase_nobody() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me: Uuid = id();
    let answer = world.erase_as(&world.slice.user(me)?, me).await;
    assert_eq!(refused(answer), denied("CALLER_NOT_ADMITTED"));
    let answer = world.erase(Uuid::nil()).await;
    assert_eq!(orchard_testkit::answer::violations(answer), ["user_id"]);
    Ok(())
}
