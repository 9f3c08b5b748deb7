//! Holds and spending at the same time.

use orchard_proto::family::v1::MemberRole;
use orchard_testkit::answer::{metadata, refusal};
use orchard_testkit::client::insist;

use crate::world::{World, euros, id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_end_a_hold_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 100_000, "pay-1").await?;
    let mut expected = 100_000;
    for round in 0..20 {
        let reference = format!("s-{round}");
        world.hold(&plan, holder, 100, &reference).await?;
        let (all, part, released, expired) = tokio::join!(
            world.capture(&plan, &reference, None),
            world.capture(&plan, &reference, Some(60)),
            world.release(&plan, &reference),
            async { if round % 2 == 0 { world.let_expire(&reference).await } else { Ok(()) } },
        );
        expired?;
        let paid = [all.is_ok(), part.is_ok()].iter().filter(|paid| **paid).count();
        let ended = paid + usize::from(released.is_ok());
        // Once the hold has expired, only a release can succeed.
        assert!(ended == 1 || (round % 2 == 0 && ended == 0), "{all:?} {part:?} {released:?}");
        expected -= if all.is_ok() { 100 } else { 0 } + if part.is_ok() { 60 } else { 0 };
        assert_eq!(world.balance(&plan).await?.0, expected);
        assert_eq!(world.contents(&plan, holder).await?.held, euros(0));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_holds_and_spends_do_not_overdraw_a_wallet() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let (world, plan) = (&world, plan.as_str());
    let tries = futures::future::join_all((0..50).map(async |number| {
        let reference = format!("s-{number}");
        match number % 2 {
            0 => insist(|| world.hold(plan, holder, 100, &reference)).await.map(|_| ()),
            _ => insist(|| world.spend(plan, holder, 100, id())).await.map(|_| ()),
        }
    }));
    let done = tries.await.iter().filter(|done| done.is_ok()).count();
    assert_eq!(done, 10);
    let wallet = world.contents(plan, holder).await?;
    assert_eq!(wallet.available, euros(0));
    assert_eq!(Some(world.balance(plan).await?.0), wallet.balance.map(|money| money.units * 100));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_spending_does_not_exceed_a_daily_limit() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.deposit(&plan, 100_000, "pay-1").await?;
    world.limit(&plan, holder, member, Some(1_000)).await?;
    world.spend(&plan, holder, 5_000, id()).await?;
    let (world, plan) = (&world, plan.as_str());
    let tries = futures::future::join_all((0..40).map(async |number| {
        let reference = format!("s-{number}");
        match number % 2 {
            0 => insist(|| world.hold(plan, member, 100, &reference)).await.map(|_| ()),
            _ => insist(|| world.spend(plan, member, 100, id())).await.map(|_| ()),
        }
    }));
    assert_eq!(tries.await.iter().filter(|done| done.is_ok()).count(), 10);
    let over = world.spend(plan, member, 1, id()).await.expect_err("over the limit");
    assert_eq!((refusal(&over).reason.as_str(), metadata(&over, "remaining").as_deref()), ("DAILY_LIMIT_REACHED", Some("0.00")));
    let wallet = world.contents(plan, member).await?;
    assert_eq!((wallet.spent_today, wallet.daily_spend_limit), (euros(1_000), euros(1_000)));
    // A released hold no longer counts, a captured amount does.
    let held = "SELECT reference FROM wallet_holds WHERE status = 'held' ORDER BY 1 LIMIT 2";
    let held = world.slice.schema.connect().await?.query(held, &[]).await?;
    if let [first, second] = held.as_slice() {
        world.release(plan, first.get(0)).await?;
        world.capture(plan, second.get(0), Some(40)).await?;
        assert_eq!(world.contents(plan, member).await?.spent_today, euros(840));
    }
    Ok(())
}

/// The balance before a capture, minus the holds after it, would show money that was never available.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_is_read_in_one_snapshot() -> anyhow::Result<()> {
    const ROUNDS: i64 = 60;
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, ROUNDS * 100, "pay").await?;
    let over = std::sync::atomic::AtomicBool::new(false);
    let writes = async {
        for round in 0..ROUNDS {
            let reference = format!("s-{round}");
            insist(|| world.hold(&plan, holder, 100, &reference)).await.expect("held");
            insist(|| world.capture(&plan, &reference, None)).await.expect("captured");
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let looks = futures::future::join_all((0..4).map(async |_| {
        let mut least = ROUNDS;
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            let wallet = insist(|| world.contents(&plan, holder)).await.expect("a wallet");
            let available = wallet.available.expect("money").units;
            assert!(available <= least, "{available} after {least}, without a deposit");
            least = available;
        }
    }));
    tokio::join!(writes, looks);
    Ok(())
}
