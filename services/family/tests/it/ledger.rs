//! The wallet against a model of it, and while everything about it goes wrong.

use std::collections::BTreeMap;
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

use crate::faults;
use crate::world::{World, euros, id, insist, spend};

/// What a wallet is meant to be: all that can be known of it from outside.
#[derive(Debug, Default)]
struct Model {
    balance: i64,
    limit: Option<i64>,
    spent: i64,
    lines: i64,
    holds: BTreeMap<String, ModelHold>,
}

#[derive(Debug, Clone)]
struct ModelHold {
    amount: i64,
    /// Nothing while it is held, what was paid once it has ended.
    captured: Option<i64>,
    refunded: i64,
}

/// Something that is done with a wallet.
#[derive(Debug, Clone)]
enum Act {
    Deposit(i64, String),
    Spend(i64),
    Hold(i64, String),
    Capture(Option<i64>, String),
    Release(String),
    Refund(i64, String, String),
    Limit(Option<i64>),
}

impl Model {
    fn held(&self) -> i64 {
        self.holds.values().filter(|hold| hold.captured.is_none()).map(|hold| hold.amount).sum()
    }

    fn may_take(&self, amount: i64) -> Result<(), &'static str> {
        if self.limit.is_some_and(|limit| self.spent + amount > limit) {
            return Err("DAILY_LIMIT_REACHED");
        }
        if amount > self.balance - self.held() { Err("INSUFFICIENT_FUNDS") } else { Ok(()) }
    }

    fn act(&mut self, act: &Act) -> Result<(), &'static str> {
        match act {
            Act::Deposit(amount, _) => {
                self.balance += amount;
                self.lines += 1;
            }
            Act::Spend(amount) => {
                self.may_take(*amount)?;
                self.balance -= amount;
                self.spent += amount;
                self.lines += 1;
            }
            Act::Hold(amount, reference) => {
                self.may_take(*amount)?;
                self.spent += amount;
                self.holds.insert(reference.clone(), ModelHold { amount: *amount, captured: None, refunded: 0 });
            }
            Act::Capture(amount, reference) => {
                let hold = self.holds.get_mut(reference).ok_or("HOLD_NOT_FOUND")?;
                let amount = amount.unwrap_or(hold.amount);
                match hold.captured {
                    None if amount > hold.amount => return Err("CAPTURE_EXCEEDS_HOLD"),
                    None => {
                        hold.captured = Some(amount);
                        self.balance -= amount;
                        self.spent -= hold.amount - amount;
                        self.lines += 1;
                    }
                    Some(captured) if captured == amount => {}
                    Some(_) => return Err("HOLD_ENDED"),
                }
            }
            Act::Release(reference) => {
                let hold = self.holds.get_mut(reference).ok_or("HOLD_NOT_FOUND")?;
                match hold.captured {
                    None => {
                        hold.captured = Some(0);
                        self.spent -= hold.amount;
                    }
                    Some(0) => {}
                    Some(_) => return Err("HOLD_ENDED"),
                }
            }
            Act::Refund(amount, reference, _) => {
                let hold = self.holds.get_mut(reference).ok_or("HOLD_NOT_FOUND")?;
                if *amount > hold.captured.unwrap_or_default() - hold.refunded {
                    return Err("REFUND_EXCEEDS_CAPTURE");
                }
                hold.refunded += amount;
                self.balance += amount;
                self.lines += 1;
            }
            Act::Limit(limit) => self.limit = *limit,
        }
        Ok(())
    }
}

/// Any act, with the names of few holds, so that they meet.
fn any(number: u32) -> Act {
    let reference = || format!("s-{}", fastrand::u32(..number / 8 + 2));
    let amount = || fastrand::i64(1..400);
    match fastrand::u8(..14) {
        0..3 => Act::Deposit(amount(), format!("pay-{number}")),
        3..6 => Act::Spend(amount()),
        6..9 => Act::Hold(amount(), format!("s-{}", number / 8)),
        9..11 => Act::Capture(fastrand::bool().then(amount), reference()),
        11 => Act::Release(reference()),
        12 => Act::Refund(amount(), reference(), format!("r-{number}")),
        _ => Act::Limit(fastrand::bool().then(|| fastrand::i64(0..5_000))),
    }
}

impl World {
    async fn act(&self, plan: &str, admin: Uuid, user: Uuid, act: &Act) -> Result<(), Status> {
        match act {
            Act::Deposit(cents, reference) => self.deposit(plan, *cents, reference).await.map(|_| ()),
            Act::Spend(cents) => self.spend(plan, user, *cents, id()).await.map(|_| ()),
            Act::Hold(cents, reference) => self.hold(plan, user, *cents, reference).await.map(|_| ()),
            Act::Capture(cents, reference) => self.capture(plan, reference, *cents).await.map(|_| ()),
            Act::Release(reference) => self.release(plan, reference).await.map(|_| ()),
            Act::Refund(cents, reference, refund) => self.refund(plan, reference, refund, *cents).await.map(|_| ()),
            Act::Limit(cents) => {
                self.limit(plan, admin, user, *cents).await.expect("a limit");
                Ok(())
            }
        }
    }
}

impl World {
    /// All that there is to do with money, at another process, until it is gone.
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
async fn a_wallet_does_what_its_model_does() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..4 {
        let seed = fastrand::u64(..);
        fastrand::seed(seed);
        let (admin, user) = (id(), id());
        let plan = world.family(admin).await?;
        world.join(&plan, admin, user, pb::MemberRole::Member).await?;
        let mut model = Model::default();
        for number in 0..120 {
            let act = any(number);
            // A name that is taken is another case: what is asked for may be the same, or not.
            if matches!(&act, Act::Hold(_, reference) if model.holds.contains_key(reference)) {
                continue;
            }
            let told = world.act(&plan, admin, user, &act).await.map_err(|status| refusal(&status).reason);
            let expected = model.act(&act).map_err(str::to_owned);
            assert_eq!(told, expected, "{number}: {act:?} with seed {seed} in {model:?}");
            let wallet = world.contents(&plan, user).await?;
            let cents = |money: Option<orchard_proto::google::r#type::Money>| {
                money.map(|money| money.units * 100 + i64::from(money.nanos) / 10_000_000)
            };
            let seen = (cents(wallet.balance), cents(wallet.held), cents(wallet.spent_today));
            assert_eq!(seen, (Some(model.balance), Some(model.held()), Some(model.spent)), "{number}: {act:?} with seed {seed}");
        }
        assert_eq!(world.balance(&plan).await?, (model.balance, model.lines));
    }
    Ok(())
}

/// 64 clients do anything with one wallet, each twice and some without waiting for the answer, while the service is killed and started
/// again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_adds_up_whatever_happens_to_its_service() -> anyhow::Result<()> {
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
                        insist(|| world.spend(&plan, holder, amount, request)).await.map(|_| ()).or_else(is_no_money)?;
                        insist(|| world.hold(&plan, holder, amount, &hold)).await.map(|_| ()).or_else(is_no_money)?;
                        if fastrand::bool() {
                            insist(|| world.capture(&plan, &hold, Some(40))).await.map(|_| ()).or_else(has_ended)?;
                        } else {
                            insist(|| world.release(&plan, &hold)).await.map(|_| ()).or_else(has_ended)?;
                        }
                        insist(|| world.refund(&plan, &hold, &refund, 30)).await.map(|_| ()).or_else(has_ended)
                    };
                    if fastrand::bool() { calls.await? } else { timeout(patience, calls).await.unwrap_or(Ok(()))? }
                }
            }
            Ok::<_, Status>(())
        });
    }
    // Beside the one that the clients call, another works on the same rows and is killed over it.
    let (mut killed, expirer) = (0, world.slice.schema.connect().await?);
    while !clients.is_empty() {
        let mut service = faults::start(&world.slice.schema, &world.slice.keys).await?;
        let calls =
            futures::future::join_all((0..8).map(|number| world.use_up(&service, &plan, holder, format!("x-{killed}-{number}"))));
        // Some are answered, and the others are cut off by the kill.
        let _ = timeout(Duration::from_millis(fastrand::u64(5..80)), calls).await;
        service.child.kill().await?;
        killed += 1;
        expirer.execute("UPDATE wallet_holds SET expires_at = now() WHERE status = 'held' AND random() < 0.3", &[]).await?;
        while let Some(ended) = clients.try_join_next() {
            ended??;
        }
    }
    assert!(killed > 1, "it was killed {killed} times");
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

fn is_no_money(status: Status) -> Result<(), Status> {
    if refusal(&status).reason == "INSUFFICIENT_FUNDS" { Ok(()) } else { Err(status) }
}

fn has_ended(status: Status) -> Result<(), Status> {
    let known = [Code::FailedPrecondition, Code::NotFound].contains(&status.code());
    if known { Ok(()) } else { Err(status) }
}
