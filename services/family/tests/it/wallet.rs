use std::sync::Arc;
use std::time::Duration;

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{metadata, refusal, refused, violations};
use pb::MemberRole;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::world::{World, denied, euros, exists, failed, id, insist, not_found};

#[tokio::test]
async fn a_deposit_is_made_once_per_reference() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let first = world.deposit(&plan, 5_000, "pay-1").await?;
    assert_eq!((first.amount.clone(), first.balance.clone()), (euros(5_000), euros(5_000)));
    assert_eq!(world.deposit(&plan, 5_000, "pay-1").await?, first);
    let other = world.deposit(&plan, 5_001, "pay-1").await;
    assert_eq!(refused(other), exists("REFERENCE_REUSED"));
    assert_eq!(world.balance(&plan).await?, (5_000, 1));

    let over = world.deposit(&plan, 9_999_999_999, "pay-2").await;
    assert_eq!(refused(over), failed("BALANCE_LIMIT_REACHED"));
    let nowhere = world.deposit(&id().to_string(), 1, "pay-3").await;
    assert_eq!(refused(nowhere), not_found("PLAN_NOT_FOUND"));
    Ok(())
}

#[tokio::test]
async fn only_adults_spend_and_no_more_than_the_balance() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, child, guest) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    world.join(&plan, holder, guest, MemberRole::Guest).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;

    let spent = world.spend(&plan, holder, 999, id()).await?;
    assert_eq!((spent.amount, spent.balance, spent.user_id), (euros(-999), euros(1), holder.to_string()));
    let overdraft = world.spend(&plan, holder, 102, id()).await.expect_err("an overdraft");
    assert_eq!(metadata(&overdraft, "shortfall").as_deref(), Some("1.01"));
    assert_eq!(refused::<()>(Err(overdraft)), failed("INSUFFICIENT_FUNDS"));
    for user in [child, guest] {
        let refusal = refused(world.spend(&plan, user, 1, id()).await);
        assert_eq!(refusal, denied("SPENDING_NOT_PERMITTED"));
    }
    assert_eq!(world.balance(&plan).await?, (1, 2));

    let list = |page_size, page_token| pb::ListEntriesRequest { family_plan_id: plan.clone(), page_size, page_token };
    let newest = world.wallet(child)?.list_entries(list(1, String::new())).await?.into_inner();
    assert_eq!(newest.entries[0].kind(), pb::EntryKind::Spend);
    let oldest = world.wallet(child)?.list_entries(list(1, newest.next_page_token)).await?.into_inner();
    assert_eq!((oldest.entries[0].kind(), oldest.next_page_token.as_str()), (pb::EntryKind::Deposit, ""));
    let hidden = world.wallet(guest)?.list_entries(list(1, String::new())).await;
    assert_eq!(refused(hidden), denied("ROLE_NOT_PERMITTED"));
    Ok(())
}

#[tokio::test]
async fn an_inactive_plan_moves_no_money() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    world.slice.schema.connect().await?.execute("UPDATE family_plans SET is_active = false", &[]).await?;
    let inactive = failed("PLAN_INACTIVE");
    assert_eq!(refused(world.spend(&plan, holder, 1, id()).await), inactive);
    assert_eq!(refused(world.deposit(&plan, 1, "pay-2").await), inactive);
    assert_eq!(refused(world.invite(&plan, holder, Some(id()), MemberRole::Member).await), inactive);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_duplicates_spend_once() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let holder = id();
    let plan: Arc<str> = world.family(holder).await?.into();
    world.deposit(&plan, 10_000, "pay-1").await?;
    let request = id();
    let mut spends = JoinSet::new();
    for _ in 0..50 {
        let (world, plan) = (Arc::clone(&world), Arc::clone(&plan));
        spends.spawn(async move { insist(|| world.spend(&plan, holder, 700, request)).await });
    }
    let entries = spends.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert!(entries.iter().all(|entry| *entry == entries[0]));
    assert_eq!(world.balance(&plan).await?, (9_300, 2));
    let other = world.spend(&plan, holder, 701, request).await;
    assert_eq!(refused(other), exists("REQUEST_ID_REUSED"));
    Ok(())
}

#[tokio::test]
async fn a_request_id_belongs_to_its_caller_and_method() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, other, request) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, other, MemberRole::Member).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let (mine, theirs) = (world.spend(&plan, holder, 100, request).await?, world.spend(&plan, other, 200, request).await?);
    assert_ne!(mine.entry_id, theirs.entry_id);
    let create =
        pb::CreatePlanRequest { family_name: "Another".to_owned(), time_zone: "UTC".to_owned(), request_id: request.to_string() };
    world.plans(holder)?.create_plan(create).await?;
    assert_eq!(world.spend(&plan, holder, 100, request).await?, mine);
    // Keys of spending never expire, and keys of plans do.
    let client = world.slice.schema.connect().await?;
    let kept = "SELECT count(*) FILTER (WHERE method = 'Spend' AND expires_at IS NULL),
            count(*) FILTER (WHERE method = 'CreatePlan' AND expires_at > now() + interval '29 days')
        FROM idempotency_keys WHERE request_id = $1";
    let row = client.query_one(kept, &[&request]).await?;
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2, 1));
    assert_eq!(world.balance(&plan).await?, (700, 3));
    Ok(())
}

/// Without the lock, concurrent calls would overdraw or lose entries. If a call ended with its caller, its transaction would stay open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hang_up_at_random_empty_a_wallet_exactly() -> anyhow::Result<()> {
    const CLIENTS: u64 = 64;
    const SPENDS: u64 = 4;
    let world = Arc::new(World::start().await?);
    let holder = id();
    let plan: Arc<str> = world.family(holder).await?.into();
    // Two thirds of what the clients try to spend.
    world.deposit(&plan, 170 * 100, "pay-1").await?;

    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (world, plan) = (Arc::clone(&world), Arc::clone(&plan));
        clients.spawn(async move {
            let mut requests = Vec::new();
            for spend in 0..SPENDS {
                let (request, turn) = (id(), client * SPENDS + spend);
                // Spread over the duration of a call, so that clients hang up before, during and after the transaction.
                let patience = Duration::from_micros(turn.wrapping_mul(7_919) % 40_000);
                let call = || world.spend(&plan, holder, 100, request);
                let answer = if turn % 2 == 0 { timeout(patience, call()).await.ok() } else { Some(insist(call).await) };
                requests.push((request, answer));
            }
            requests
        });
    }
    let requests: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    assert!(requests.iter().any(|(_, answer)| answer.is_none()), "no client hung up, so the test proves nothing");
    for status in requests.iter().filter_map(|(_, answer)| answer.as_ref()?.as_ref().err()) {
        let reason = refusal(status).reason;
        assert!(["OVERLOADED", "INSUFFICIENT_FUNDS"].contains(&reason.as_str()), "{status:?}");
    }

    let deadline = Instant::now() + Duration::from_secs(2);
    while world.slice.schema.open_transactions().await? > 0 {
        assert!(Instant::now() < deadline, "a transaction is still open");
        sleep(Duration::from_millis(10)).await;
    }
    world.balance(&plan).await?;

    // Clients that hung up, or were refused because of load, repeat their requests and get the answers of the first ones.
    let mut spent = 0;
    for (request, _) in &requests {
        match insist(|| world.spend(&plan, holder, 100, *request)).await {
            Ok(_) => spent += 1,
            Err(status) => {
                assert_eq!(refused::<()>(Err(status)), failed("INSUFFICIENT_FUNDS"));
            }
        }
    }
    assert_eq!(spent, 170);
    assert_eq!(world.balance(&plan).await?, (0, 171));
    Ok(())
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_entries_are_written() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, other) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, other, MemberRole::Admin).await?;
    let mut expected = Vec::new();
    for number in 0..7 {
        expected.insert(0, world.deposit(&plan, 100, &format!("pay-{number}")).await?.entry_id);
    }
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListEntriesRequest { family_plan_id: plan.clone(), page_size: 2, page_token: page_token.clone() };
        let page = world.wallet(holder)?.list_entries(request.clone()).await?.into_inner();
        seen.extend(page.entries.into_iter().map(|entry| entry.entry_id));
        world.spend(&plan, holder, 1, id()).await?;
        if !page_token.is_empty() {
            assert_eq!(
                violations(world.wallet(other)?.list_entries(request.clone()).await),
                ["page_token"],
                "a token of another caller"
            );
            let tampered = pb::ListEntriesRequest { page_token: format!("A{page_token}"), ..request };
            assert_eq!(violations(world.wallet(holder)?.list_entries(tampered).await), ["page_token"]);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, expected);
    Ok(())
}
