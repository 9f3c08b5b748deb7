//! Calls of an erased user whose token is still valid, and calls and events that name an erased user.

use std::sync::Arc;

use orchard_db::Domain as _;
use orchard_proto::family::v1::{MemberJoined, MemberRole};
use orchard_proto::social::v1 as pb;
use orchard_social::error::Social;
use orchard_testkit::answer::{refused, violations};
use tokio::task::JoinSet;
use tonic::Code;
use uuid::Uuid;

use super::spellings;
use crate::achievements::featured;
use crate::friends::{Act, event};
use crate::world::{World, days_ago, id, new_challenge};

fn erased() -> (Code, String) {
    (Code::FailedPrecondition, "USER_ERASED".to_owned())
}

#[tokio::test]
async fn an_erased_user_cannot_create_anything() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let (me, other, unknown) = (id(), id(), id());
    let life = world.live(me, other).await?;
    assert_eq!(world.erase(unknown).await?, [], "a user without data can be erased");
    world.erase(me).await?;
    for user in [me, unknown] {
        let get = pb::GetProfileRequest { user_id: user.to_string() };
        assert_eq!(refused(world.profiles(user)?.get_profile(get).await), erased());
        assert_eq!(refused(world.rename(user, "Lazarus").await), erased());
        let registration =
            pb::RegisterProfileRequest { user_id: user.to_string(), display_name: "Lazarus".to_owned(), ..Default::default() };
        assert_eq!(refused(world.register(registration).await), erased());
        assert_eq!(refused(world.create(user, new_challenge()).await), erased());
        assert_eq!(refused(world.join(user, &life.others).await), erased());
        assert_eq!(refused(world.prefer(user, pb::NotificationPreferences::default(), &["push_enabled"]).await), erased());
        for act in [Act::Send, Act::Accept, Act::Decline, Act::Withdraw, Act::Remove, Act::Block, Act::Unblock] {
            assert_eq!(refused(world.act(act, user, other).await), erased(), "{act:?}");
        }
        assert_eq!(refused(world.award(user, "Late").await), erased());
        for act in [Act::Send, Act::Block] {
            let not_found = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
            assert_eq!(refused(world.act(act, other, user).await), not_found, "{act:?}");
        }
        assert_eq!(refused(world.record(user, &life.others, days_ago(0), &[], 1).await).1, "NOT_PARTICIPATING");
        assert!(world.achieved(user, user).await?.is_empty() && world.friends(user).await?.is_empty());
        assert_eq!(world.erase(user).await?, [], "erased again");
        assert_eq!(world.tables_with(&spellings(user)).await?, Vec::<String>::new());
    }
    Ok(())
}

#[tokio::test]
async fn events_about_an_erased_user_are_accepted_and_store_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other, plan) = (id(), id(), id());
    for user in [me, other] {
        world.settle(user, pb::PrivacyLevel::Public).await?;
    }
    world.erase(me).await?;
    let child_of = |child: Uuid, guardian: Uuid| MemberJoined {
        family_plan_id: plan.to_string(),
        user_id: child.to_string(),
        role: MemberRole::Child.into(),
        guardian_user_id: guardian.to_string(),
        was_added: true,
    };
    // Events about other users in the same request are applied.
    let events = vec![
        crate::friends::joined(plan, 1, me, MemberRole::Admin),
        crate::friends::joined(plan, 2, other, MemberRole::Admin),
        event(plan, 3, &child_of(id(), me)),
        event(plan, 4, &child_of(me, other)),
        crate::friends::protected(me, 1),
        crate::friends::left(plan, 5, me),
    ];
    world.deliver("family", events).await?;
    let recipes = vec![featured(id(), 1, me), featured(id(), 1, other)];
    world.deliver("recipe", recipes).await?;
    assert_eq!(world.tables_with(&spellings(me)).await?, Vec::<String>::new());
    assert_eq!(world.number("SELECT count(*) FROM family_memberships").await?, 2);
    assert_eq!(world.number("SELECT count(*) FROM family_memberships WHERE was_added AND guardian_user_id IS NULL").await?, 1);
    assert_eq!(world.achieved(other, other).await?.len(), 2);
    Ok(())
}

/// The test runs the statements of an erasure, of a known user and of an unknown one.
#[tokio::test]
async fn a_call_that_waits_for_an_erasure_is_refused() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for is_known in [true, false] {
        let me = id();
        if is_known {
            world.settle(me, pb::PrivacyLevel::Public).await?;
        }
        let client = world.slice.schema.connect().await?;
        let erase = format!(
            "BEGIN; INSERT INTO users (id) VALUES ('{me}') ON CONFLICT DO NOTHING;
             SELECT 1 FROM users WHERE id = '{me}' FOR UPDATE;"
        );
        client.batch_execute(&erase).await?;
        let mut calls = JoinSet::new();
        let (caller, deliverer) = (Arc::clone(&world), Arc::clone(&world));
        calls.spawn(async move { caller.create(me, new_challenge()).await.map(|_| ()) });
        calls.spawn(async move {
            deliverer.deliver("recipe", vec![featured(id(), 1, me)]).await?;
            // The event has no effect, but is accepted.
            Err(tonic::Status::cancelled("delivered"))
        });
        wait_for_waiters(&client, 2).await?;
        let strike = format!(
            "INSERT INTO erased_users (user_hash) VALUES (sha256(uuid_send('{me}'))); DELETE FROM users WHERE id = '{me}'; COMMIT"
        );
        client.batch_execute(&strike).await?;
        let mut answers: Vec<_> = calls.join_all().await.into_iter().map(refused).collect();
        answers.sort_by_key(|(code, _)| *code != Code::Cancelled);
        assert_eq!(answers, [(Code::Cancelled, String::new()), erased()], "{is_known}");
        assert_eq!(world.tables_with(&spellings(me)).await?, Vec::<String>::new());
    }
    Ok(())
}

/// Waits until `number` sessions wait for this one.
async fn wait_for_waiters(client: &tokio_postgres::Client, number: i64) -> anyhow::Result<()> {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    loop {
        // Within a transaction, PostgreSQL caches the statistics that it shows first.
        client.batch_execute("SELECT pg_stat_clear_snapshot()").await?;
        if client.query_one(query, &[]).await?.get::<_, i64>(0) >= number {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

/// A trigger deletes the user in the middle of their own call, because the locks prevent this otherwise.
#[tokio::test]
async fn a_violated_reference_to_a_user_is_refused_as_an_erased_user() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [me, other] = world.people().await?;
    let challenge = world.create(other, new_challenge()).await?;
    let delete_user = "CREATE FUNCTION delete_user() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN DELETE FROM users WHERE id = NEW.user_id; RETURN NEW; END';
        CREATE TRIGGER delete_user BEFORE INSERT ON challenge_participants FOR EACH ROW EXECUTE FUNCTION delete_user()";
    world.slice.schema.connect().await?.batch_execute(delete_user).await?;
    assert!(Social::USER_REFERENCES.contains(&"challenge_participants_user_id_fkey"));
    assert_eq!(refused(world.join(me, &challenge.challenge_id).await), erased());
    Ok(())
}

#[tokio::test]
async fn users_moderators_and_other_services_cannot_erase_a_user() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me: Uuid = id();
    for client in [world.slice.user(me)?, world.slice.user_with(me, &["moderator"])?, world.slice.service("family")?] {
        assert_eq!(refused(world.erase_as(&client, me).await), (Code::PermissionDenied, "CALLER_NOT_ADMITTED".to_owned()));
    }
    assert_eq!(violations(world.erase(Uuid::nil()).await), ["user_id"]);
    Ok(())
}
