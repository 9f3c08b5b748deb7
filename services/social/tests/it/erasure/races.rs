//! Erasure while the user, and everybody around them, goes on.

use std::sync::Arc;
use std::time::Duration;

use orchard_proto::family::v1::MemberRole;
use orchard_proto::social::v1 as pb;
use orchard_testkit::client::insist;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use super::left::Life;
use super::spellings;
use crate::achievements::featured;
use crate::friends::{Act, joined};
use crate::world::{World, days_ago, id, new_challenge};

/// What goes on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

const STEPS: [Step; 15] = [
    Erase,
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
];

struct Scene {
    world: Arc<World>,
    me: Uuid,
    other: Uuid,
    life: Life,
    /// One that nobody has joined yet.
    open: String,
}

impl Scene {
    async fn play(&self, step: Step) -> Result<(), Status> {
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
            Featured => world.tell("recipe", vec![featured(id(), 1, other), featured(id(), 1, me)]).await,
            FamilyJoined => {
                let plan = id();
                let events = vec![joined(plan, 1, other, MemberRole::Admin), joined(plan, 2, me, MemberRole::Member)];
                world.tell("family", events).await
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
async fn whatever_goes_on_nothing_is_left_and_nothing_is_torn() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let (mut done, mut erased) = (0, 0);
    for round in 0..12 {
        let [me, other] = [id(), id()];
        let life = world.live(me, other).await?;
        let [third] = world.people().await?;
        let open = world.create(third, new_challenge()).await?.challenge_id;
        let scene = Arc::new(Scene { world: Arc::clone(&world), me, other, life, open });
        let mut calls = JoinSet::new();
        for step in STEPS.into_iter().filter(|step| round % 3 == 0 || *step != EraseOther) {
            let scene = Arc::clone(&scene);
            calls.spawn(async move {
                // An erasure takes longer than the rest, which are to meet it at every point.
                let late = if matches!(step, Erase | EraseOther) { 8_000 } else { 30_000 };
                tokio::time::sleep(Duration::from_micros(fastrand::u64(..late))).await;
                (step, insist(|| scene.play(step)).await)
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
        let gone = if round % 3 == 0 { vec![me, other] } else { vec![me] };
        for user in &gone {
            assert_eq!(world.places_of(&spellings(*user)).await?, Vec::<String>::new());
        }
        let torn = "SELECT count(*) FROM community_challenges c WHERE participant_count <>
            (SELECT count(*) FROM challenge_participants p WHERE p.challenge_id = c.id AND p.completion_status <> 'withdrawn')";
        assert_eq!(world.number(torn).await?, 0, "seats that do not add up");
        erased += i64::try_from(gone.len())?;
        assert_eq!(world.number("SELECT count(*) FROM erased_users").await?, erased);
    }
    assert!(done > 60, "{done} calls that did something");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_operators_erase_a_user_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..8 {
        let (me, other) = (id(), id());
        world.live(me, other).await?;
        let operator = || world.slice.user_with(id(), &["operator"]);
        let (one, two) = (operator()?, operator()?);
        let (first, second) = tokio::join!(world.erase_as(&one, me), world.erase_as(&two, me));
        let receipts = [first?, second?];
        assert_eq!(receipts.iter().filter(|receipt| receipt.is_empty()).count(), 1, "{receipts:?}");
        assert_eq!(world.places_of(&spellings(me)).await?, Vec::<String>::new());
    }
    assert_eq!(world.number("SELECT count(*) FROM users WHERE created_at = 'epoch'").await?, 8, "a pseudonym each");
    Ok(())
}
