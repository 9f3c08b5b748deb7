//! Calls of a user who was erased, with a token that is still good, and of others and events that name them.

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
async fn nothing_is_made_for_who_was_erased() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let (me, other, unknown) = (id(), id(), id());
    let life = world.live(me, other).await?;
    assert_eq!(world.erase(unknown).await?, [], "nothing was held of them");
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
            let there_is_none = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
            assert_eq!(refused(world.act(act, other, user).await), there_is_none, "{act:?}");
        }
        assert_eq!(refused(world.record(user, &life.others, days_ago(0), &[], 1).await).1, "NOT_PARTICIPATING");
        assert!(world.achieved(user, user).await?.is_empty() && world.friends(user).await?.is_empty());
        assert_eq!(world.erase(user).await?, [], "again");
        assert_eq!(world.places_of(&spellings(user)).await?, Vec::<String>::new());
    }
    Ok(())
}

#[tokio::test]
async fn late_events_pass_and_leave_nothing() -> anyhow::Result<()> {
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
    // Together with what is of others: they are not held up by it.
    let events = vec![
        crate::friends::joined(plan, 1, me, MemberRole::Admin),
        crate::friends::joined(plan, 2, other, MemberRole::Admin),
        event(plan, 3, &child_of(id(), me)),
        event(plan, 4, &child_of(me, other)),
        crate::friends::left(plan, 5, me),
    ];
    world.tell("family", events).await?;
    let recipes = vec![featured(id(), 1, me), featured(id(), 1, other)];
    world.tell("recipe", recipes).await?;
    assert_eq!(world.places_of(&spellings(me)).await?, Vec::<String>::new());
    assert_eq!(world.number("SELECT count(*) FROM family_memberships").await?, 2);
    assert_eq!(world.number("SELECT count(*) FROM family_memberships WHERE was_added AND guardian_user_id IS NULL").await?, 1);
    assert_eq!(world.achieved(other, other).await?.len(), 2);
    Ok(())
}

/// An erasure that is under way, by hand: of a user who is known, and of one who is not.
#[tokio::test]
async fn a_call_that_waits_for_an_erasure_finds_its_user_erased() -> anyhow::Result<()> {
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
        let (caller, teller) = (Arc::clone(&world), Arc::clone(&world));
        calls.spawn(async move { caller.create(me, new_challenge()).await.map(|_| ()) });
        calls.spawn(async move {
            teller.tell("recipe", vec![featured(id(), 1, me)]).await?;
            // An event has no effect, and is not refused for it.
            Err(tonic::Status::cancelled("told"))
        });
        wait_for_waiters(&client, 2).await?;
        let strike = format!(
            "INSERT INTO erased_users (user_hash) VALUES (sha256(uuid_send('{me}'))); DELETE FROM users WHERE id = '{me}'; COMMIT"
        );
        client.batch_execute(&strike).await?;
        let mut told: Vec<_> = calls.join_all().await.into_iter().map(refused).collect();
        told.sort_by_key(|(code, _)| *code != Code::Cancelled);
        assert_eq!(told, [(Code::Cancelled, String::new()), erased()], "{is_known}");
        assert_eq!(world.places_of(&spellings(me)).await?, Vec::<String>::new());
    }
    Ok(())
}

/// Waits until so many sessions wait for this one.
async fn wait_for_waiters(client: &tokio_postgres::Client, number: i64) -> anyhow::Result<()> {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    loop {
        // Within one transaction PostgreSQL shows the sessions of its first look, unless it is told to look again.
        client.batch_execute("SELECT pg_stat_clear_snapshot()").await?;
        if client.query_one(query, &[]).await?.get::<_, i64>(0) >= number {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

/// Whoever gets past the roll is stopped by what refers to it. Nobody can, so here a user goes in the middle of their own call.
#[tokio::test]
async fn a_reference_to_who_is_gone_is_refused_as_such() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [me, other] = world.people().await?;
    let challenge = world.create(other, new_challenge()).await?;
    let gone = "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN DELETE FROM users WHERE id = NEW.user_id; RETURN NEW; END';
        CREATE TRIGGER gone BEFORE INSERT ON challenge_participants FOR EACH ROW EXECUTE FUNCTION gone()";
    world.slice.schema.connect().await?.batch_execute(gone).await?;
    assert!(Social::USER_REFERENCES.contains(&"challenge_participants_user_id_fkey"));
    assert_eq!(refused(world.join(me, &challenge.challenge_id).await), erased());
    Ok(())
}

#[tokio::test]
async fn strangers_and_users_erase_nobody() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me: Uuid = id();
    for client in [world.slice.user(me)?, world.slice.user_with(me, &["moderator"])?, world.slice.service("family")?] {
        assert_eq!(refused(world.erase_as(&client, me).await), (Code::PermissionDenied, "CALLER_NOT_ADMITTED".to_owned()));
    }
    assert_eq!(violations(world.erase(Uuid::nil()).await), ["user_id"]);
    Ok(())
}
