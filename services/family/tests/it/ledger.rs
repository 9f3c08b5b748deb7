//! The wallet compared with a model, and under concurrent calls while its service is killed.

mod model;

use std::sync::Arc;
use std::time::Duration;

use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::hold_service_client::HoldServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_testkit::answer::refusal;
use orchard_testkit::client::Headers;
use orchard_testkit::program::Program;
use orchard_testkit::service::channel;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status};
use uuid::Uuid;

use model::{Action, Model, random_action};

use crate::faults::program;
use crate::world::{World, euros, id, insist, spend};

impl World {
    async fn perform(&self, plan: &str, admin: Uuid, user: Uuid, action: &Action) -> Result<(), Status> {
        match action {
            Action::Deposit(cents, reference) => self.deposit(plan, *cents, reference).await.map(|_| ()),
            Action::Spend(cents) => self.spend(plan, user, *cents, id()).await.map(|_| ()),
            Action::Hold(cents, reference) => self.hold(plan, user, *cents, reference).await.map(|_| ()),
            Action::Capture(cents, reference) => self.capture(plan, reference, *cents).await.map(|_| ()),
            Action::Release(reference) => self.release(plan, reference).await.map(|_| ()),
            Action::Refund(cents, reference, refund) => self.refund(plan, reference, refund, *cents).await.map(|_| ()),
            Action::Limit(cents) => {
                self.limit(plan, admin, user, *cents).await.expect("a limit");
                Ok(())
            }
        }
    }

    /// Spends, holds and captures at another process, until it is killed.
    async fn use_up(&self, service: &Program, plan: &str, holder: Uuid, reference: String) -> anyhow::Result<()> {
        let (keys, ttl, family_plan_id) = (&self.slice.keys, Duration::from_secs(60), plan.to_owned());
        let (user, seller) = (keys.user_token(holder, &[], ttl)?, keys.workload_token("commerce", ttl)?);
        let spender = Headers::bearer(&user)?.on(channel(service.address)?);
        let seller = Headers::bearer(&seller)?.with("x-orchard-user-token", &user)?.on(channel(service.address)?);
        WalletServiceClient::new(spender).spend(spend(plan, 5, id())).await?;
        let (amount, reason) = (euros(5), "Apples".to_owned());
        let hold = pb::CreateHoldRequest { family_plan_id: family_plan_id.clone(), reference: reference.clone(), amount, reason };
        HoldServiceClient::new(seller.clone()).create_hold(hold).await?;
        let capture = pb::CaptureHoldRequest { family_plan_id, reference, amount: None };
        HoldServiceClient::new(seller).capture_hold(capture).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_wallet_behaves_like_its_model() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..4 {
        let seed = fastrand::u64(..);
        fastrand::seed(seed);
        let (admin, user) = (id(), id());
        let plan = world.family(admin).await?;
        world.join(&plan, admin, user, pb::MemberRole::Member).await?;
        let mut model = Model::default();
        for number in 0..120 {
            let action = random_action(number);
            // The model does not cover references that are used again.
            if matches!(&action, Action::Hold(_, reference) if model.holds.contains_key(reference)) {
                continue;
            }
            let reason = world.perform(&plan, admin, user, &action).await.map_err(|status| refusal(&status).reason);
            let expected = model.apply(&action).map_err(str::to_owned);
            assert_eq!(reason, expected, "{number}: {action:?} with seed {seed} in {model:?}");
            let wallet = world.contents(&plan, user).await?;
            let cents = |money: Option<orchard_proto::google::r#type::Money>| {
                money.map(|money| money.units * 100 + i64::from(money.nanos) / 10_000_000)
            };
            let seen = (cents(wallet.balance), cents(wallet.held), cents(wallet.spent_today));
            assert_eq!(
                seen,
                (Some(model.balance), Some(model.held()), Some(model.spent)),
                "{number}: {action:?} with seed {seed}"
            );
        }
        assert_eq!(world.balance(&plan).await?, (model.balance, model.entries));
    }
    Ok(())
}

/// 64 clients make each call twice, some without waiting for the answer, while another process on the same rows is killed repeatedly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_stays_consistent_while_its_service_is_killed() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let holder = id();
    let plan: Arc<str> = world.family(holder).await?.into();
    world.deposit(&plan, 50_000, "pay-0").await?;
    let mut clients = JoinSet::new();
    for client in 0..64 {
        let (world, plan) = (Arc::clone(&world), Arc::clone(&plan));
        clients.spawn(async move {
            let own = |name: &str, number| format!("{name}-{client}-{number}");
            for number in 0..4 {
                let request = id();
                let amount = fastrand::i64(50..350);
                let (hold, refund, pay) = (own("s", number), own("r", number), own("pay", number));
                for _ in 0..2 {
                    let patience = Duration::from_millis(fastrand::u64(1..60));
                    let calls = async {
                        insist(|| world.deposit(&plan, 10, &pay)).await.map(|_| ())?;
                        insist(|| world.spend(&plan, holder, amount, request)).await.map(|_| ()).or_else(unless_out_of_money)?;
                        insist(|| world.hold(&plan, holder, amount, &hold)).await.map(|_| ()).or_else(unless_out_of_money)?;
                        if fastrand::bool() {
                            insist(|| world.capture(&plan, &hold, Some(40))).await.map(|_| ()).or_else(unless_ended)?;
                        } else {
                            insist(|| world.release(&plan, &hold)).await.map(|_| ()).or_else(unless_ended)?;
                        }
                        insist(|| world.refund(&plan, &hold, &refund, 30)).await.map(|_| ()).or_else(unless_ended)
                    };
                    if fastrand::bool() { calls.await? } else { timeout(patience, calls).await.unwrap_or(Ok(()))? }
                }
            }
            Ok::<_, Status>(())
        });
    }
    // The clients call one process. This one works on the same rows and is killed meanwhile.
    let (mut killed, expirer) = (0, world.slice.schema.connect().await?);
    while !clients.is_empty() {
        let mut service = program::start(&world.slice.schema, &world.slice.keys).await?;
        let calls =
            futures::future::join_all((0..8).map(|number| world.use_up(&service, &plan, holder, format!("x-{killed}-{number}"))));
        // The kill interrupts those calls that were not answered yet.
        let _ = timeout(Duration::from_millis(fastrand::u64(5..80)), calls).await;
        service.child.kill().await?;
        killed += 1;
        expirer.execute("UPDATE wallet_holds SET expires_at = now() WHERE status = 'held' AND random() < 0.3", &[]).await?;
        while let Some(ended) = clients.try_join_next() {
            ended??;
        }
    }
    assert!(killed > 1, "killed {killed} times");
    let deadline = Instant::now() + Duration::from_secs(10);
    while world.slice.schema.open_transactions().await? > 0 {
        assert!(Instant::now() < deadline, "a transaction is still open");
        sleep(Duration::from_millis(10)).await;
    }
    let held = "SELECT (wallet_held * 100)::bigint,
        (SELECT coalesce(sum(amount) * 100, 0)::bigint FROM wallet_holds WHERE status = 'held'),
        (SELECT count(*) FROM wallet_holds h WHERE refunded_amount > captured_amount OR (captured_amount > 0) <>
         EXISTS (SELECT FROM wallet_entries e WHERE e.hold_id = h.id AND e.kind = 'capture' AND -e.amount = h.captured_amount)),
        (SELECT count(*) FROM wallet_holds h WHERE refunded_amount <>
         (SELECT coalesce(sum(amount), 0) FROM wallet_entries e WHERE e.hold_id = h.id AND e.kind = 'refund')) FROM family_plans";
    let row = world.slice.schema.connect().await?.query_one(held, &[]).await?;
    let (held, of_holds, unpaid, unrefunded): (i64, i64, i64, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!((held, unpaid, unrefunded), (of_holds, 0, 0));
    world.balance(&plan).await?;
    Ok(())
}

fn unless_out_of_money(status: Status) -> Result<(), Status> {
    if refusal(&status).reason == "INSUFFICIENT_FUNDS" { Ok(()) } else { Err(status) }
}

fn unless_ended(status: Status) -> Result<(), Status> {
    let known = [Code::FailedPrecondition, Code::NotFound].contains(&status.code());
    if known { Ok(()) } else { Err(status) }
}
