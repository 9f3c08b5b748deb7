//! Each step of a payment, cut: the request does not arrive, or the answer does not, for a moment or until somebody mends the wire.

use std::sync::Arc;
use std::time::Duration;

use orchard_consultation::{Service, Settings};
use orchard_proto::consultation::v1 as pb;
use orchard_testkit::scissors::{Scissors, Side, Wire};
use orchard_testkit::service::SliceUnderTest;

use super::races::check;
use crate::practice::{Practice, hours};
use crate::world::{World, id, settings};

/// A service whose wires to PostgreSQL and to the family service can be cut, as if the process at either end were killed. It does nothing by
/// itself: another replica, on whole wires, does what its calls leave undone.
pub struct Walk {
    pub world: World,
    pub database: Scissors,
    pub wallets: Scissors,
    _other: SliceUnderTest,
}

/// What users do. It ends at the step that is cut, unless they come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Pay,
    PayUntilAnswered,
    PayFromAnInactivePlan,
    PayAndCancel,
    PayAndMoveAndCallOff,
    PayAndSuspend,
}

impl Walk {
    pub async fn start() -> anyhow::Result<Self> {
        let World { slice: other, family } = World::with_family().await?;
        let family = family.expect("a family service");
        let wallets = Scissors::to(family.running.address, Wire::Calls).await?;
        let database = Scissors::to(other.schema.server()?, Wire::Commits).await?;
        let idle = Duration::from_secs(3_600);
        let family_url = format!("http://{}", wallets.address);
        let settings = Settings { next_slot_period: idle, session_period: idle, ..settings(&other.keys, &family_url) };
        let cut = other.schema.through(database.address)?;
        let mut slice = SliceUnderTest::start_in::<Service>(&settings, cut, Arc::clone(&other.keys)).await?;
        slice.schema = other.schema.clone();
        Ok(Self { world: World { slice, family: Some(family) }, database, wallets, _other: other })
    }

    async fn run(&self, work: Work, practice: &Practice, session: &pb::Session, plan: &str) {
        let world = &self.world;
        let client = session.user_id.parse().expect("an id");
        let mut paid = world.pay(client, session, plan).await;
        while work == Work::PayUntilAnswered && paid.is_err() {
            self.database.reconnect();
            self.wallets.reconnect();
            paid = world.pay(client, session, plan).await;
        }
        // What fails is what was cut.
        match work {
            Work::Pay | Work::PayUntilAnswered | Work::PayFromAnInactivePlan => {}
            Work::PayAndCancel => drop(world.cancel(client, session).await),
            Work::PayAndSuspend => drop(world.suspend(&practice.id, "Complaints").await),
            Work::PayAndMoveAndCallOff => {
                let _ = world.reschedule(client, session, hours(72)).await;
                drop(world.cancel(practice.account, session).await);
            }
        }
    }
}

/// Cuts a wire at the first step, the second and so on, until the work is done without a cut. Returns the number of walks.
async fn walk(walk: &Walk, work: Work, wire: Wire, side: Side, stays: bool) -> anyhow::Result<usize> {
    let (world, scissors) = (&walk.world, if wire == Wire::Calls { &walk.wallets } else { &walk.database });
    for step in 0.. {
        let (practice, client) = (world.practice().await?, id());
        let plan = world.plan(client, 100_000).await?;
        let session = world.book(client, &practice, hours(48)).await?;
        if work == Work::PayFromAnInactivePlan {
            world.close(&plan, client).await?;
        }
        scissors.cut_after(step, side, stays);
        walk.run(work, &practice, &session, &plan).await;
        let was_cut = scissors.mend();
        let what = format!("{work:?}, {wire:?} {step} {side:?}, {}", if stays { "gone" } else { "a moment" });
        let read = check(world, &session, &what).await?;
        if work == Work::PayUntilAnswered {
            assert_eq!(read.payment_status(), pb::PaymentStatus::Paid, "{what}");
        }
        if !was_cut {
            return Ok(step);
        }
    }
    unreachable!("work has an end")
}

async fn walk_all(work: Work, steps: [usize; 2]) -> anyhow::Result<()> {
    let cut = Walk::start().await?;
    for (wire, least) in [Wire::Commits, Wire::Calls].into_iter().zip(steps) {
        for side in [Side::Before, Side::After] {
            for stays in [false, true] {
                let walked = walk(&cut, work, wire, side, stays).await?;
                assert!(walked >= least, "{work:?}: {walked} steps of {wire:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_payment_is_whole_or_not_made_whichever_step_is_cut() -> anyhow::Result<()> {
    walk_all(Work::Pay, [3, 2]).await
}

#[tokio::test]
async fn a_user_who_comes_back_has_paid_once() -> anyhow::Result<()> {
    walk_all(Work::PayUntilAnswered, [3, 2]).await
}

#[tokio::test]
async fn a_refused_payment_leaves_nothing_whichever_step_is_cut() -> anyhow::Result<()> {
    walk_all(Work::PayFromAnInactivePlan, [2, 1]).await
}

#[tokio::test]
async fn a_cancellation_refunds_whichever_step_is_cut() -> anyhow::Result<()> {
    walk_all(Work::PayAndCancel, [5, 3]).await
}

#[tokio::test]
async fn a_moved_session_is_refunded_whichever_step_is_cut() -> anyhow::Result<()> {
    walk_all(Work::PayAndMoveAndCallOff, [6, 3]).await
}

#[tokio::test]
async fn a_suspension_refunds_whichever_step_is_cut() -> anyhow::Result<()> {
    walk_all(Work::PayAndSuspend, [4, 2]).await
}
