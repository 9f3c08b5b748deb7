use orchard_db::Failure;
use orchard_db::idempotency::{Claim, Key};
use orchard_proto::family::v1::GetPlanRequest;
use uuid::Uuid;

use crate::world::{Error, World, sql};

fn request(text: &str) -> GetPlanRequest {
    GetPlanRequest { family_plan_id: text.to_owned() }
}

async fn claim(world: &World, key: Key, id: Uuid) -> Result<Claim, Error> {
    world.db.write("claim", async move |connection| key.claim(connection, &[id]).await.map_err(Error)).await
}

#[tokio::test]
async fn a_key_is_bound_to_caller_method_and_body() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (request_id, first, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let key = |caller, method, body| Key::new(caller, method, request_id, &request(body));
    assert_eq!(claim(&world, key("ann", "Spend", "a"), first).await.expect("claim"), Claim::First);
    assert_eq!(claim(&world, key("ann", "Spend", "a"), other).await.expect("claim"), Claim::Repeated(vec![first]));
    let reused = claim(&world, key("ann", "Spend", "b"), other).await;
    assert!(matches!(reused, Err(Error(Failure::RequestIdReused))), "{reused:?}");
    assert_eq!(claim(&world, key("bob", "Spend", "a"), other).await.expect("claim"), Claim::First);
    assert_eq!(claim(&world, key("ann", "Create", "a"), other).await.expect("claim"), Claim::First);
    Ok(())
}

#[tokio::test]
async fn a_claim_goes_with_its_effect() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (request_id, id) = (Uuid::now_v7(), Uuid::now_v7());
    let key = || Key::new("ann", "Spend", request_id, &request("a"));
    let claimed = key();
    let failed = world.db.write("fails", async move |connection| {
        claimed.claim(connection, &[id]).await?;
        sql(connection, "UPDATE accounts SET amount = -1").await
    });
    assert!(failed.await.is_err());
    assert_eq!(claim(&world, key(), id).await.expect("claim"), Claim::First, "nothing happened, so nothing is repeated");
    Ok(())
}
