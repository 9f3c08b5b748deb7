//! Requests that are repeated because the answer to the first one was lost.

use std::time::Duration;

use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_testkit::answer::refused;
use orchard_testkit::cable::Cable;
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::service::channel;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::world::{RowLock, World, exists, id, spend};

/// Creates a plan with 10 euros, and a cable between its holder and the service.
async fn behind_a_cable(world: &World, holder: Uuid) -> anyhow::Result<(String, Cable, WalletServiceClient<Client>)> {
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let cable = Cable::to(world.slice.running.address).await?;
    let token = world.slice.keys.user_token(holder, &[], Duration::from_secs(600))?;
    let client = WalletServiceClient::new(Headers::bearer(&token)?.on(channel(cable.address)?));
    Ok((plan, cable, client))
}

#[tokio::test]
async fn a_repeated_request_waits_for_the_first_one() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, request) = (id(), id());
    let (plan, cable, mut client) = behind_a_cable(&world, holder).await?;
    let lock = RowLock::new(&world, &plan).await?;
    let mut first = JoinSet::new();
    let message = spend(&plan, 100, request);
    first.spawn(async move { client.spend(message).await });
    let first_session = lock.waiter().await?;
    cable.cut();
    let lost = first.join_all().await.remove(0).expect_err("no answer");
    assert!(lost.details().is_empty(), "an answer: {lost:?}");

    let mut repeats = JoinSet::new();
    for _ in 0..2 {
        let mut client = world.wallet(holder)?;
        let message = spend(&plan, 100, request);
        repeats.spawn(async move { client.spend(message).await });
    }
    lock.waiters(first_session, 2).await?;
    lock.release().await?;
    let repeats = repeats.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(repeats[0].get_ref(), repeats[1].get_ref());
    assert_eq!(world.balance(&plan).await?, (900, 2));
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_returns_the_lost_answer() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, other, request) = (id(), id(), id());
    let (plan, cable, mut client) = behind_a_cable(&world, holder).await?;
    world.join(&plan, holder, other, orchard_proto::family::v1::MemberRole::Member).await?;
    let lock = RowLock::new(&world, &plan).await?;
    let mut first = JoinSet::new();
    let message = spend(&plan, 100, request);
    first.spawn(async move { client.spend(message).await });
    lock.waiter().await?;
    cable.fall_silent();
    lock.release().await?;
    // The money is spent, and the answer is lost.
    while world.balance(&plan).await? != (900, 2) {
        tokio::task::yield_now().await;
    }
    assert!(first.try_join_next().is_none());

    let answer = world.spend(&plan, holder, 100, request).await?;
    assert_eq!(world.spend(&plan, holder, 100, request).await?, answer);
    let another_body = world.spend(&plan, holder, 200, request).await;
    assert_eq!(refused(another_body), exists("REQUEST_ID_REUSED"));
    assert_eq!(world.balance(&plan).await?, (900, 2));
    assert_ne!(world.spend(&plan, other, 100, request).await?, answer, "another caller has requests of their own");
    assert_eq!(world.balance(&plan).await?, (800, 3));
    Ok(())
}
