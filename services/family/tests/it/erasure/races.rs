//! Erasure while the user and others make calls.

use std::sync::Arc;
use std::time::Duration;

use orchard_proto::family::v1 as pb;
use orchard_testkit::client::insist;
use pb::MemberRole::{Admin, Member};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use super::spellings;
use crate::holder::plans_without_holder;
use crate::world::{RowLock, World, id};

/// A call that runs concurrently with others.
#[derive(Debug, Clone, Copy)]
enum Step {
    Erase,
    EraseOther,
    Eat,
    Accept,
    AcceptOpen,
    Create,
    Spend,
    OtherSpends,
    Invite,
    Invited,
    AddChild,
    Leave,
}

use Step::{Accept, AcceptOpen, AddChild, Create, Eat, Erase, EraseOther, Invite, Invited, Leave, OtherSpends, Spend};

const STEPS: [Step; 13] =
    [Erase, Erase, EraseOther, Eat, Accept, AcceptOpen, Create, Spend, OtherSpends, Invite, Invited, AddChild, Leave];

struct Scene {
    world: Arc<World>,
    me: Uuid,
    other: Uuid,
    stranger: Uuid,
    /// A plan that the user holds, with the other as a member.
    own: String,
    /// A plan that the other holds, with the user as an admin.
    shared: String,
    /// An invitation of the user to a plan that they have left.
    invitation: String,
    /// The token of an invitation to another plan of the stranger.
    token: String,
}

impl Scene {
    async fn set(world: &Arc<World>) -> anyhow::Result<Self> {
        let [me, other, stranger] = [id(), id(), id()];
        let (own, shared, strange) = (world.family(me).await?, world.family(other).await?, world.family(stranger).await?);
        world.join(&own, me, other, Member).await?;
        world.join(&shared, other, me, Admin).await?;
        world.join(&strange, stranger, me, Member).await?;
        world.leave(&strange, me).await?;
        for (plan, reference) in [(&own, "pay-1"), (&shared, "pay-2")] {
            world.deposit(plan, 10_000, reference).await?;
        }
        let invited = world.invite(&strange, stranger, Some(me), Member).await?;
        let invitation = invited.invitation.expect("an invitation").invitation_id;
        let another = world.family(stranger).await?;
        let token = world.invite(&another, stranger, None, Member).await?.token;
        Ok(Self { world: Arc::clone(world), me, other, stranger, own, shared, invitation, token })
    }

    async fn call(&self, step: Step) -> Result<(), Status> {
        let world = &self.world;
        let status = |error: anyhow::Error| error.downcast::<Status>().expect("a status");
        match step {
            Erase => world.erase(self.me).await.map(|_| ()),
            EraseOther => world.erase(self.other).await.map(|_| ()),
            Eat => world.eat(self.me, 0, &[1, 2, 3]).await.map_err(status),
            Accept => world.accept(self.me, &self.invitation).await.map(|_| ()),
            AcceptOpen => world.accept_token(self.me, &self.token).await.map(|_| ()),
            Create => world.family(self.me).await.map(|_| ()).map_err(status),
            Spend => world.spend(&self.own, self.me, 10, id()).await.map(|_| ()),
            OtherSpends => world.spend(&self.shared, self.other, 10, id()).await.map(|_| ()),
            Invite => world.invite(&self.shared, self.me, Some(id()), Member).await.map(|_| ()),
            Invited => world.invite(&self.shared, self.other, Some(self.stranger), Member).await.map(|_| ()),
            AddChild => world.add_child(&self.own, self.me, true, id()).await.map(|_| ()),
            Leave => world.leave(&self.shared, self.me).await,
        }
    }

    async fn check(&self, gone: &[Uuid]) -> anyhow::Result<()> {
        let client = self.world.slice.schema.connect().await?;
        self.world.clear_outbox().await?;
        for user in gone {
            assert_eq!(self.world.tables_with(&spellings(*user)).await?, Vec::<String>::new());
        }
        let inconsistent = "SELECT count(*) FROM family_plans p WHERE
            p.shared_wallet_balance <> (SELECT coalesce(sum(amount), 0) FROM wallet_entries e WHERE e.family_plan_id = p.id)
            OR p.wallet_sequence <> (SELECT count(*) FROM wallet_entries e WHERE e.family_plan_id = p.id)
            OR p.active_members <> (SELECT count(*) FROM family_members m WHERE m.family_plan_id = p.id AND m.is_active)";
        assert_eq!(client.query_one(inconsistent, &[]).await?.get::<_, i64>(0), 0, "money or seats that do not add up");
        assert_eq!(plans_without_holder(&client).await?, 0, "a plan without a holder");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_leave_no_trace_of_an_erased_user() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let (mut done, mut erased) = (0, 0);
    for round in 0..15 {
        let scene = Arc::new(Scene::set(&world).await?);
        let steps: Vec<Step> = STEPS.into_iter().filter(|step| round % 3 == 0 || !matches!(step, EraseOther)).collect();
        let mut calls = JoinSet::new();
        for step in steps {
            let scene = Arc::clone(&scene);
            calls.spawn(async move {
                // An erasure takes longer than other calls, so it starts earlier for them to hit it at every point.
                let delay = if matches!(step, Erase | EraseOther) { 10_000 } else { 40_000 };
                tokio::time::sleep(Duration::from_micros(fastrand::u64(..delay))).await;
                (step, insist(|| scene.call(step)).await)
            });
        }
        while let Some(call) = calls.join_next().await {
            match call? {
                (_, Ok(())) => done += 1,
                (step, Err(status)) => {
                    let expected = [Code::NotFound, Code::FailedPrecondition, Code::PermissionDenied, Code::AlreadyExists];
                    let may_fail = !matches!(step, Erase | EraseOther | Invited | OtherSpends) || round % 3 == 0;
                    assert!(may_fail && expected.contains(&status.code()), "{step:?}: {status:?}");
                }
            }
        }
        let gone = if round % 3 == 0 { vec![scene.me, scene.other] } else { vec![scene.me] };
        scene.check(&gone).await?;
        erased += i64::try_from(gone.len())?;
        assert_eq!(world.number("SELECT count(*) FROM erased_users").await?, erased);
    }
    assert!(done > 60, "{done} successful calls");
    Ok(())
}

/// If the user joins another plan while the erasure waits for the user's row, the erasure locks that plan too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_taken_while_an_erasure_waits_is_given_up() -> anyhow::Result<()> {
    let scene = Arc::new(Scene::set(&Arc::new(World::start().await?)).await?);
    // Locks as accepting an invitation does: the plan first, then the user's row, and then takes the seat.
    let another = scene.world.family(scene.stranger).await?;
    let joining = RowLock::new(&scene.world, &another).await?;
    joining.client.batch_execute(&format!("SELECT 1 FROM users WHERE id = '{}' FOR KEY SHARE", scene.me)).await?;
    let mut calls = JoinSet::new();
    let eraser = Arc::clone(&scene);
    calls.spawn(async move { eraser.world.erase(eraser.me).await });
    joining.waiter().await?;
    let seat = format!(
        "INSERT INTO family_members (family_plan_id, user_id, role) VALUES ('{another}', '{me}', 'member');
         UPDATE family_plans SET active_members = active_members + 1 WHERE id = '{another}'; COMMIT",
        me = scene.me
    );
    joining.client.batch_execute(&seat).await?;
    calls.join_next().await.expect("a call")??;
    scene.check(&[scene.me]).await?;
    assert_eq!(scene.world.seats(&another).await?, 1);
    Ok(())
}

/// A writer that has locked a plan, and perhaps an invitation, gets the user's row at once. If an erasure that waits for the plan had
/// locked the row, the two would deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_waits_for_a_plan_does_not_lock_the_user() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for is_member in [true, false] {
        let (me, other) = (id(), id());
        let plan = world.family(other).await?;
        world.invite(&plan, other, Some(me), Member).await?;
        if is_member {
            let open = world.invite(&plan, other, None, Member).await?;
            world.accept_token(me, &open.token).await?;
        }
        let lock = RowLock::new(&world, &plan).await?;
        let invitation = format!("SELECT 1 FROM family_invitations WHERE invitee_user_id = '{me}' FOR UPDATE");
        lock.client.batch_execute(&invitation).await?;
        let mut calls = JoinSet::new();
        let eraser = Arc::clone(&world);
        calls.spawn(async move { eraser.erase(me).await });
        lock.waiter().await?;
        let row = format!("SELECT 1 FROM users WHERE id = '{me}' FOR KEY SHARE NOWAIT");
        lock.client.batch_execute(&row).await?;
        lock.release().await?;
        assert!(!calls.join_next().await.expect("a call")??.is_empty());
    }
    Ok(())
}
