//! Money that services hold, and are paid with.

use std::time::Duration;

use chrono::{DateTime, Utc};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::hold_service_client::HoldServiceClient;
use orchard_testkit::answer::{metadata, refusal, refused, violations};
use orchard_testkit::client::{Client, Headers};
use pb::{EntryKind, HoldStatus, MemberRole};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, euros, id, insist};

const TTL: Duration = Duration::from_secs(60);

impl World {
    /// A service that sells, for itself or for a user.
    pub fn seller(&self, service: &str, user: Option<Uuid>) -> HoldServiceClient<Client> {
        let keys = &self.slice.keys;
        let headers = Headers::bearer(&keys.workload_token(service, TTL).expect("a token")).expect("headers");
        let headers = match user {
            Some(user) => {
                headers.with("x-orchard-user-token", &keys.user_token(user, &[], TTL).expect("a token")).expect("headers")
            }
            None => headers,
        };
        HoldServiceClient::new(self.slice.with(headers))
    }

    pub async fn hold(&self, plan: &str, user: Uuid, cents: i64, reference: &str) -> Result<pb::Hold, Status> {
        let request = pb::CreateHoldRequest {
            family_plan_id: plan.to_owned(),
            reference: reference.to_owned(),
            amount: euros(cents),
            reason: "Diabetes".to_owned(),
        };
        let answer = self.seller("consultation", Some(user)).create_hold(request).await?;
        Ok(answer.into_inner().hold.expect("a hold"))
    }

    pub async fn capture(&self, plan: &str, reference: &str, cents: Option<i64>) -> Result<(pb::Hold, pb::Entry), Status> {
        let request = pb::CaptureHoldRequest {
            family_plan_id: plan.to_owned(),
            reference: reference.to_owned(),
            amount: cents.and_then(euros),
        };
        let answer = self.seller("consultation", None).capture_hold(request).await?.into_inner();
        Ok((answer.hold.expect("a hold"), answer.entry.expect("an entry")))
    }

    pub async fn release(&self, plan: &str, reference: &str) -> Result<pb::Hold, Status> {
        let request = pb::ReleaseHoldRequest { family_plan_id: plan.to_owned(), reference: reference.to_owned() };
        Ok(self.seller("consultation", None).release_hold(request).await?.into_inner().hold.expect("a hold"))
    }

    pub async fn refund(&self, plan: &str, reference: &str, refund: &str, cents: i64) -> Result<pb::Entry, Status> {
        let request = pb::RefundHoldRequest {
            family_plan_id: plan.to_owned(),
            reference: reference.to_owned(),
            refund_reference: refund.to_owned(),
            amount: euros(cents),
            reason: "Cancelled".to_owned(),
        };
        Ok(self.seller("consultation", None).refund_hold(request).await?.into_inner().entry.expect("an entry"))
    }

    pub async fn contents(&self, plan: &str, viewer: Uuid) -> Result<pb::Wallet, Status> {
        let request = pb::GetWalletRequest { family_plan_id: plan.to_owned() };
        Ok(self.wallet(viewer).expect("client").get_wallet(request).await?.into_inner().wallet.expect("a wallet"))
    }

    async fn let_expire(&self, reference: &str) -> anyhow::Result<()> {
        let late = "UPDATE wallet_holds SET expires_at = now() WHERE reference = $1";
        assert_eq!(self.slice.schema.connect().await?.execute(late, &[&reference]).await?, 1);
        Ok(())
    }

    pub async fn limit(&self, plan: &str, admin: Uuid, user: Uuid, cents: Option<i64>) -> anyhow::Result<()> {
        let permissions = pb::Permissions { daily_spend_limit: cents.and_then(euros), ..Default::default() };
        let (family_plan_id, user_id) = (plan.to_owned(), user.to_string());
        let member = pb::Member { family_plan_id, user_id, permissions: Some(permissions), ..Default::default() };
        let update_mask = Some(prost_types::FieldMask { paths: vec!["permissions.daily_spend_limit".to_owned()] });
        self.members(admin)?.update_member(pb::UpdateMemberRequest { member: Some(member), update_mask }).await?;
        Ok(())
    }
}

fn failed(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

#[tokio::test]
async fn what_is_held_cannot_be_spent_and_is_paid_once() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, other) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, other, MemberRole::Admin).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let held = world.hold(&plan, holder, 600, "s-1").await?;
    assert_eq!((held.status(), held.amount.clone(), held.user_id.clone()), (HoldStatus::Held, euros(600), holder.to_string()));
    assert_eq!(world.hold(&plan, holder, 600, "s-1").await?, held, "again");
    for (user, cents) in [(holder, 601), (other, 600)] {
        let reused = refused(world.hold(&plan, user, cents, "s-1").await);
        assert_eq!(reused, (Code::AlreadyExists, "REFERENCE_REUSED".to_owned()));
    }
    let short = world.spend(&plan, holder, 500, id()).await.expect_err("too much");
    assert_eq!(metadata(&short, "shortfall").as_deref(), Some("1.00"));
    let wallet = world.contents(&plan, other).await?;
    assert_eq!((wallet.balance, wallet.held, wallet.available), (euros(1_000), euros(600), euros(400)));
    assert_eq!(wallet.spent_today, euros(0), "it is the other's");

    let exceeds = world.capture(&plan, "s-1", Some(601)).await.expect_err("too much");
    assert_eq!(
        (refusal(&exceeds).reason.as_str(), metadata(&exceeds, "amount").as_deref()),
        ("CAPTURE_EXCEEDS_HOLD", Some("6.00"))
    );
    let (captured, entry) = world.capture(&plan, "s-1", Some(400)).await?;
    assert_eq!((captured.status(), captured.captured_amount.clone()), (HoldStatus::Captured, euros(400)));
    assert_eq!((entry.kind(), entry.amount.clone(), entry.balance.clone()), (EntryKind::Capture, euros(-400), euros(600)));
    assert_eq!(world.capture(&plan, "s-1", Some(400)).await?, (captured, entry), "again");
    assert_eq!(refused(world.capture(&plan, "s-1", Some(399)).await), failed("HOLD_ENDED"));
    assert_eq!(refused(world.release(&plan, "s-1").await), failed("HOLD_ENDED"));
    let wallet = world.contents(&plan, holder).await?;
    assert_eq!((wallet.balance, wallet.held, wallet.spent_today), (euros(600), euros(0), euros(400)));

    let back = world.refund(&plan, "s-1", "r-1", 300).await?;
    assert_eq!((back.kind(), back.amount.clone(), back.balance.clone()), (EntryKind::Refund, euros(300), euros(900)));
    assert_eq!(world.refund(&plan, "s-1", "r-1", 300).await?, back, "again");
    let reused = (Code::AlreadyExists, "REFERENCE_REUSED".to_owned());
    assert_eq!(refused(world.refund(&plan, "s-1", "r-1", 200).await), reused);
    assert_eq!(refused(world.refund(&plan, "s-1", "s-1", 100).await), reused);
    assert_eq!(refused(world.hold(&plan, holder, 1, "r-1").await), reused, "it could not be captured");
    let exceeds = world.refund(&plan, "s-1", "r-2", 101).await.expect_err("too much");
    assert_eq!(
        (refusal(&exceeds).reason.as_str(), metadata(&exceeds, "refundable").as_deref()),
        ("REFUND_EXCEEDS_CAPTURE", Some("1.00"))
    );
    world.refund(&plan, "s-1", "r-2", 100).await?;
    assert_eq!(world.balance(&plan).await?, (1_000, 4));
    Ok(())
}

#[tokio::test]
async fn a_consultation_is_between_it_and_the_member() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, other) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, other, MemberRole::Admin).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    world.hold(&plan, holder, 600, "s-1").await?;
    world.capture(&plan, "s-1", None).await?;
    world.refund(&plan, "s-1", "r-1", 1).await?;
    for (viewer, expected) in [(holder, ["Cancelled", "Diabetes"]), (other, ["Consultation"; 2])] {
        let request = pb::ListEntriesRequest { family_plan_id: plan.clone(), ..Default::default() };
        let entries = world.wallet(viewer)?.list_entries(request).await?.into_inner().entries;
        let seen: Vec<_> = entries[..2].iter().map(|entry| (entry.reason.as_str(), entry.service.as_str())).collect();
        assert_eq!(seen, expected.map(|reason| (reason, "consultation")));
    }
    // What one service holds, another does not find.
    let name = pb::GetHoldRequest { family_plan_id: plan.clone(), reference: "s-1".to_owned() };
    assert!(world.seller("consultation", None).get_hold(name.clone()).await.is_ok());
    let hidden = world.seller("commerce", None).get_hold(name).await;
    assert_eq!(refused(hidden), (Code::NotFound, "HOLD_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn holds_are_for_those_who_may_spend_of_plans_in_use() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, child) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    assert_eq!(refused(world.hold(&plan, child, 1, "s-0").await), (Code::PermissionDenied, "SPENDING_NOT_PERMITTED".to_owned()));
    assert_eq!(refused(world.hold(&plan, id(), 1, "s-0").await), (Code::NotFound, "PLAN_NOT_FOUND".to_owned()));
    for reference in ["s-1", "s-2", "s-3"] {
        world.hold(&plan, holder, 100, reference).await?;
    }
    world.capture(&plan, "s-1", None).await?;
    world.deactivate(&plan, holder).await?;
    assert_eq!(refused(world.hold(&plan, holder, 1, "s-4").await), failed("PLAN_INACTIVE"));
    assert_eq!(refused(world.capture(&plan, "s-2", None).await), failed("PLAN_INACTIVE"));
    assert_eq!(world.release(&plan, "s-3").await?.status(), HoldStatus::Released);
    world.refund(&plan, "s-1", "r-1", 100).await?;
    assert_eq!(world.balance(&plan).await?, (1_000, 3));

    let wrong = pb::RefundHoldRequest { family_plan_id: "x".to_owned(), amount: euros(-1), ..Default::default() };
    let paths = violations(world.seller("consultation", None).refund_hold(wrong).await);
    assert_eq!(paths, ["family_plan_id", "reference", "refund_reference", "amount", "reason"]);
    Ok(())
}

#[tokio::test]
async fn what_nobody_asks_for_in_time_is_free_again() -> anyhow::Result<()> {
    let mut world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let held = world.hold(&plan, holder, 600, "s-1").await?;
    let seconds = held.expire_time.expect("a time").seconds - held.create_time.expect("a time").seconds;
    assert_eq!(seconds, 600);
    world.let_expire("s-1").await?;
    assert_eq!(world.contents(&plan, holder).await?.available, euros(1_000), "before anybody has ended it");
    let name = pb::GetHoldRequest { family_plan_id: plan.clone(), reference: "s-1".to_owned() };
    let read = world.seller("consultation", None).get_hold(name).await?.into_inner().hold.expect("a hold");
    assert_eq!(read.status(), HoldStatus::Expired);
    assert_eq!(world.hold(&plan, holder, 600, "s-1").await?.status(), HoldStatus::Expired, "asked for again");
    world.spend(&plan, holder, 1_000, id()).await?;
    assert_eq!(refused(world.capture(&plan, "s-1", None).await), failed("HOLD_ENDED"));
    assert_eq!(world.release(&plan, "s-1").await?.status(), HoldStatus::Expired);

    // Those that nobody asks for again are ended by each service that runs, at its start for one.
    world.deposit(&plan, 1_000, "pay-2").await?;
    world.hold(&plan, holder, 1_000, "s-2").await?;
    world.let_expire("s-2").await?;
    world.restart().await?;
    let client = world.slice.schema.connect().await?;
    let query = "SELECT wallet_held::text, status FROM family_plans p, wallet_holds h WHERE h.reference = 's-2'";
    loop {
        let row = client.query_one(query, &[]).await?;
        if (row.get(0), row.get(1)) == ("0.00", "expired") {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_ends_once_whoever_is_first() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 100_000, "pay-1").await?;
    let mut expected = 100_000;
    for round in 0..20 {
        let reference = format!("s-{round}");
        world.hold(&plan, holder, 100, &reference).await?;
        let (all, part, released, late) = tokio::join!(
            world.capture(&plan, &reference, None),
            world.capture(&plan, &reference, Some(60)),
            world.release(&plan, &reference),
            async { if round % 2 == 0 { world.let_expire(&reference).await } else { Ok(()) } },
        );
        late?;
        let paid = [all.is_ok(), part.is_ok()].iter().filter(|paid| **paid).count();
        let ended = paid + usize::from(released.is_ok());
        // Late, it has ended by itself, which a release is told as it is.
        assert!(ended == 1 || (round % 2 == 0 && ended == 0), "{all:?} {part:?} {released:?}");
        expected -= if all.is_ok() { 100 } else { 0 } + if part.is_ok() { 60 } else { 0 };
        assert_eq!(world.balance(&plan).await?.0, expected);
        assert_eq!(world.contents(&plan, holder).await?.held, euros(0));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_hold_and_spend_the_last_of_it() -> anyhow::Result<()> {
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
async fn a_daily_limit_holds_in_a_race() -> anyhow::Result<()> {
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
    // What was let go counts no more, what was paid does.
    let held = "SELECT reference FROM wallet_holds WHERE status = 'held' ORDER BY 1 LIMIT 2";
    let held = world.slice.schema.connect().await?.query(held, &[]).await?;
    if let [first, second] = held.as_slice() {
        world.release(plan, first.get(0)).await?;
        world.capture(plan, second.get(0), Some(40)).await?;
        assert_eq!(world.contents(plan, member).await?.spent_today, euros(840));
    }
    Ok(())
}

/// Lines of the last instant before, and the first of, the day that it is where the family lives.
#[tokio::test]
async fn a_day_begins_at_the_familys_midnight() -> anyhow::Result<()> {
    use chrono::TimeZone as _;
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    let zone = chrono_tz::Tz::Pacific__Kiritimati;
    let family_plan_id = plan.clone();
    let changed = pb::FamilyPlan { family_plan_id, time_zone: zone.name().to_owned(), ..Default::default() };
    world.change(changed, holder, &["time_zone"]).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.deposit(&plan, 100_000, "pay-1").await?;
    world.limit(&plan, holder, member, Some(1_000)).await?;
    let entry = world.spend(&plan, member, 600, id()).await?;
    world.hold(&plan, member, 300, "s-1").await?;
    let begin = |now: DateTime<Utc>| {
        let today = now.with_timezone(&zone).date_naive().and_hms_opt(0, 0, 0).expect("midnight");
        zone.from_local_datetime(&today).earliest().expect("an instant").to_utc()
    };
    let client = world.slice.schema.connect().await?;
    let entry: Uuid = entry.entry_id.parse()?;
    for (offset, spent) in [(0, 900), (-1, 0)] {
        let at = begin(Utc::now()) + chrono::TimeDelta::microseconds(offset);
        client.execute("UPDATE wallet_entries SET created_at = $1 WHERE id = $2", &[&at, &entry]).await?;
        client.execute("UPDATE wallet_holds SET created_at = $1", &[&at]).await?;
        assert_eq!(world.contents(&plan, member).await?.spent_today, euros(spent), "{at}");
    }
    world.spend(&plan, member, 1_000, id()).await?;
    Ok(())
}

#[tokio::test]
async fn a_refund_that_is_repeated_after_the_member_was_erased_is_the_same() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    world.hold(&plan, member, 1_000, "s-1").await?;
    world.capture(&plan, "s-1", None).await?;
    let refunded = world.refund(&plan, "s-1", "r-1", 500).await?;
    world.erase(member).await?;
    let again = world.refund(&plan, "s-1", "r-1", 500).await?;
    assert_eq!((again.entry_id, again.balance), (refunded.entry_id, refunded.balance));
    assert_eq!(refused(world.refund(&plan, "s-1", "r-1", 400).await).1, "REFERENCE_REUSED");
    assert_eq!(world.balance(&plan).await?, (500, 3));
    Ok(())
}

/// A balance of before a capture beside what is held after it would show money that was never there to spend.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_is_shown_as_it_is_at_one_moment() -> anyhow::Result<()> {
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
            assert!(available <= least, "{available} after {least}: nothing came in");
            least = available;
        }
    }));
    tokio::join!(writes, looks);
    Ok(())
}
