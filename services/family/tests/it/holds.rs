//! Holds of services that sell.

mod races;

use chrono::{DateTime, Utc};
use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{metadata, refusal, refused, violations};
use pb::{EntryKind, HoldStatus, MemberRole};
use uuid::Uuid;

use crate::world::{World, denied, euros, exists, failed, id, not_found};

#[tokio::test]
async fn held_money_is_not_spent_and_is_captured_once() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, other) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, other, MemberRole::Admin).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let held = world.hold(&plan, holder, 600, "s-1").await?;
    assert_eq!((held.status(), held.amount.clone(), held.user_id.clone()), (HoldStatus::Held, euros(600), holder.to_string()));
    assert_eq!(world.hold(&plan, holder, 600, "s-1").await?, held, "repeated");
    for (user, cents) in [(holder, 601), (other, 600)] {
        let reused = refused(world.hold(&plan, user, cents, "s-1").await);
        assert_eq!(reused, exists("REFERENCE_REUSED"));
    }
    let short = world.spend(&plan, holder, 500, id()).await.expect_err("too much");
    assert_eq!(metadata(&short, "shortfall").as_deref(), Some("1.00"));
    let wallet = world.contents(&plan, other).await?;
    assert_eq!((wallet.balance, wallet.held, wallet.available), (euros(1_000), euros(600), euros(400)));
    assert_eq!(wallet.spent_today, euros(0), "the other member has spent nothing");

    let exceeds = world.capture(&plan, "s-1", Some(601)).await.expect_err("too much");
    assert_eq!(
        (refusal(&exceeds).reason.as_str(), metadata(&exceeds, "amount").as_deref()),
        ("CAPTURE_EXCEEDS_HOLD", Some("6.00"))
    );
    let (captured, entry) = world.capture(&plan, "s-1", Some(400)).await?;
    assert_eq!((captured.status(), captured.captured_amount.clone()), (HoldStatus::Captured, euros(400)));
    assert_eq!((entry.kind(), entry.amount.clone(), entry.balance.clone()), (EntryKind::Capture, euros(-400), euros(600)));
    assert_eq!(world.capture(&plan, "s-1", Some(400)).await?, (captured, entry), "repeated");
    assert_eq!(refused(world.capture(&plan, "s-1", Some(399)).await), failed("HOLD_ENDED"));
    assert_eq!(refused(world.release(&plan, "s-1").await), failed("HOLD_ENDED"));
    let wallet = world.contents(&plan, holder).await?;
    assert_eq!((wallet.balance, wallet.held, wallet.spent_today), (euros(600), euros(0), euros(400)));

    let back = world.refund(&plan, "s-1", "r-1", 300).await?;
    assert_eq!((back.kind(), back.amount.clone(), back.balance.clone()), (EntryKind::Refund, euros(300), euros(900)));
    assert_eq!(world.refund(&plan, "s-1", "r-1", 300).await?, back, "repeated");
    let reused = exists("REFERENCE_REUSED");
    assert_eq!(refused(world.refund(&plan, "s-1", "r-1", 200).await), reused);
    assert_eq!(refused(world.refund(&plan, "s-1", "s-1", 100).await), reused);
    assert_eq!(refused(world.hold(&plan, holder, 1, "r-1").await), reused, "a refund uses the reference");
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
async fn other_members_do_not_see_the_reason_of_a_consultation() -> anyhow::Result<()> {
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
    // A service does not find the holds of another.
    let name = pb::GetHoldRequest { family_plan_id: plan.clone(), reference: "s-1".to_owned() };
    assert!(world.seller("consultation", None).get_hold(name.clone()).await.is_ok());
    let hidden = world.seller("commerce", None).get_hold(name).await;
    assert_eq!(refused(hidden), not_found("HOLD_NOT_FOUND"));
    Ok(())
}

#[tokio::test]
async fn a_hold_needs_a_member_who_may_spend_and_an_active_plan() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, child) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    assert_eq!(refused(world.hold(&plan, child, 1, "s-0").await), denied("SPENDING_NOT_PERMITTED"));
    assert_eq!(refused(world.hold(&plan, id(), 1, "s-0").await), not_found("PLAN_NOT_FOUND"));
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
async fn the_money_of_an_expired_hold_is_available_again() -> anyhow::Result<()> {
    let mut world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let held = world.hold(&plan, holder, 600, "s-1").await?;
    let seconds = held.expire_time.expect("a time").seconds - held.create_time.expect("a time").seconds;
    assert_eq!(seconds, 600);
    world.let_expire("s-1").await?;
    assert_eq!(world.contents(&plan, holder).await?.available, euros(1_000), "before the row is updated");
    let name = pb::GetHoldRequest { family_plan_id: plan.clone(), reference: "s-1".to_owned() };
    let read = world.seller("consultation", None).get_hold(name).await?.into_inner().hold.expect("a hold");
    assert_eq!(read.status(), HoldStatus::Expired);
    assert_eq!(world.hold(&plan, holder, 600, "s-1").await?.status(), HoldStatus::Expired, "repeated");
    world.spend(&plan, holder, 1_000, id()).await?;
    assert_eq!(refused(world.capture(&plan, "s-1", None).await), failed("HOLD_ENDED"));
    assert_eq!(world.release(&plan, "s-1").await?.status(), HoldStatus::Expired);

    // Every service ends expired holds in the background, first when it starts.
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

/// Moves an entry and a hold to the first instant of the day in the plan's time zone, and to the last instant before.
#[tokio::test]
async fn a_day_begins_at_midnight_in_the_time_zone_of_the_plan() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    let zone = orchard_rpc::Zone::named("Pacific/Kiritimati").expect("a zone");
    let family_plan_id = plan.clone();
    let changed = pb::FamilyPlan { family_plan_id, time_zone: zone.name().to_owned(), ..Default::default() };
    world.change(changed, holder, &["time_zone"]).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.deposit(&plan, 100_000, "pay-1").await?;
    world.limit(&plan, holder, member, Some(1_000)).await?;
    let entry = world.spend(&plan, member, 600, id()).await?;
    world.hold(&plan, member, 300, "s-1").await?;
    let begin = |now: DateTime<Utc>| zone.start_of(zone.date_at(now));
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
async fn a_refund_repeated_after_the_member_was_erased_returns_the_same_entry() -> anyhow::Result<()> {
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
