//! Erasure while the user and others make calls.

use std::sync::Arc;
use std::time::Duration;

use orchard_proto::family::v1::MemberRole;
use orchard_proto::social::v1 as pb;
use orchard_testkit::client::insist;
use strum::VariantArray;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use super::left::Life;
use super::spellings;
use crate::achievements::featured;
use crate::friends::{Act, joined};
use crate::world::{World, days_ago, id, new_challenge};

/// A call that races an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
enum Step {
    Erase,
    EraseOther,
    Create,
    Join,
    OtherJoins,
    Record,
    Rename,
    Prefer,
    Block,
    Blocked,
    Award,
    Featured,
    FamilyJoined,
    Registered,
}

use Step::{
    Award, Block, Blocked, Create, Erase, EraseOther, FamilyJoined, Featured, Join, OtherJoins, Prefer, Record, Registered,
    Rename,
};

struct Scene {
    world: Arc<World>,
    me: Uuid,
    other: Uuid,
    life: Life,
    /// A challenge without participants.
    open: String,
}

impl Scene {
    async fn run(&self, step: Step) -> Result<(), Status> {
        let (world, me, other) = (&self.world, self.me, self.other);
        match step {
            Erase => world.erase(me).await.map(|_| ()),
            EraseOther => world.erase(other).await.map(|_| ()),
            Create => world.create(me, new_challenge()).await.map(|_| ()),
            Join => world.join(me, &self.open).await.map(|_| ()),
            OtherJoins => world.join(other, &self.open).await.map(|_| ()),
            Record => world.record(me, &self.life.shared, days_ago(0), &[("apple", 2)], 0).await.map(|_| ()),
            Rename => world.rename(me, "Al").await.map(|_| ()),
            Prefer => world.prefer(me, pb::NotificationPreferences::default(), &["email_enabled"]).await.map(|_| ()),
            Block => world.act(Act::Block, me, other).await.map(|_| ()),
            Blocked => world.act(Act::Block, other, me).await.map(|_| ()),
            Award => world.award(me, "Late").await.map(|_| ()),
            Featured => world.deliver("recipe", vec![featured(id(), 1, other), featured(id(), 1, me)]).await,
            FamilyJoined => {
                let plan = id();
                let events = vec![joined(plan, 1, other, MemberRole::Admin), joined(plan, 2, me, MemberRole::Member)];
                world.deliver("family", events).await
            }
            Registered => world
                .register(pb::RegisterProfileRequest {
                    user_id: me.to_string(),
                    display_name: "Al".to_owned(),
                    ..Default::default()
                })
                .await
                .map(|_| ()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_among_other_calls_leaves_no_rows_and_consistent_counts() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let (mut done, mut erased) = (0, 0);
    for round in 0..12 {
        let [me, other] = [id(), id()];
        let life = world.live(me, other).await?;
        let [third] = world.people().await?;
        let open = world.create(third, new_challenge()).await?.challenge_id;
        let scene = Arc::new(Scene { world: Arc::clone(&world), me, other, life, open });
        let mut calls = JoinSet::new();
        // The user is erased twice at the same time.
        let steps = Step::VARIANTS.iter().copied().chain([Erase]);
        for step in steps.filter(|step| round % 3 == 0 || *step != EraseOther) {
            let scene = Arc::clone(&scene);
            calls.spawn(async move {
                // An erasure takes longer than other calls, which must meet it at every point.
                let late = if matches!(step, Erase | EraseOther) { 8_000 } else { 30_000 };
                tokio::time::sleep(Duration::from_micros(fastrand::u64(..late))).await;
                (step, insist(|| scene.run(step)).await)
            });
        }
        while let Some(call) = calls.join_next().await {
            match call? {
                (_, Ok(())) => done += 1,
                (step, Err(status)) => {
                    let expected = [Code::NotFound, Code::FailedPrecondition];
                    let may_fail = !matches!(step, Erase | EraseOther | Featured | FamilyJoined);
                    assert!(may_fail && expected.contains(&status.code()), "{step:?}: {status:?}");
                }
            }
        }
        let erased_users = if round % 3 == 0 { vec![me, other] } else { vec![me] };
        for user in &erased_users {
            assert_eq!(world.tables_with(&spellings(*user)).await?, Vec::<String>::new());
        }
        let torn = "SELECT count(*) FROM community_challenges c WHERE participant_count <>
            (SELECT count(*) FROM challenge_participants p WHERE p.challenge_id = c.id AND p.completion_status <> 'withdrawn')";
        assert_eq!(world.number(torn).await?, 0, "counts of seats that are wrong");
        erased += i64::try_from(erased_users.len())?;
        assert_eq!(world.number("SELECT count(*) FROM erased_users").await?, erased);
    }
    assert!(done > 60, "{done} calls succeeded");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_operators_who_erase_a_user_have_one_effect() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..8 {
        let (me, other) = (id(), id());
        world.live(me, other).await?;
        let operator = || world.slice.user_with(id(), &["operator"]);
        let (one, two) = (operator()?, operator()?);
        let (first, second) = tokio::join!(world.erase_as(&one, me), world.erase_as(&two, me));
        let receipts = [first?, second?];
        assert_eq!(receipts.iter().filter(|receipt| receipt.is_empty()).count(), 1, "{receipts:?}");
        assert_eq!(world.tables_with(&spellings(me)).await?, Vec::<String>::new());
    }
    assert_eq!(world.number("SELECT count(*) FROM users WHERE created_at = 'epoch'").await?, 8, "one pseudonym per user");
    Ok(())
}
