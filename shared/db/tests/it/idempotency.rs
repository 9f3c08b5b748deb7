use std::sync::Arc;
use std::time::Duration;

use orchard_db::idempotency::{Claim, Keep, Key, forget, sweep};
use orchard_db::{Failure, Limits};
use orchard_proto::family::v1::GetPlanRequest;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::failures::{Kind, assert_told};
use crate::world::{Error, World, sql, waiting};

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
    let key = |caller, method, body| Key::new(caller, method, request_id, Keep::Days30, &request(body));
    assert_eq!(claim(&world, key("ann", "Spend", "a"), first).await.expect("claim"), Claim::First);
    assert_eq!(claim(&world, key("ann", "Spend", "a"), other).await.expect("claim"), Claim::Repeated(vec![first]));
    let reused = claim(&world, key("ann", "Spend", "b"), other).await;
    assert!(matches!(reused, Err(Error(Failure::RequestIdReused))), "{reused:?}");
    assert_eq!(claim(&world, key("bob", "Spend", "a"), other).await.expect("claim"), Claim::First);
    assert_eq!(claim(&world, key("ann", "Create", "a"), other).await.expect("claim"), Claim::First);
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_finds_the_id_that_the_first_created() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let key = Key::new("ann", "CreatePlan", Uuid::now_v7(), Keep::Days30, &request("a"));
    let claim = async || {
        let key = key.clone();
        world.db.write("claim id", async move |connection| key.claim_id(connection).await.map_err(Error)).await
    };
    let (id, is_new) = claim().await.expect("claim");
    assert!(is_new, "the key is new");
    assert_eq!(claim().await.expect("claim"), (id, false));
    Ok(())
}

#[tokio::test]
async fn a_claim_is_rolled_back_with_its_effect() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (request_id, id) = (Uuid::now_v7(), Uuid::now_v7());
    let key = || Key::new("ann", "Spend", request_id, Keep::Days30, &request("a"));
    let claimed = key();
    let failed = world.db.write("fails", async move |connection| {
        claimed.claim(connection, &[id]).await?;
        sql(connection, "UPDATE accounts SET amount = -1").await
    });
    assert!(failed.await.is_err());
    assert_eq!(claim(&world, key(), id).await.expect("claim"), Claim::First, "the first claim was rolled back");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_claims_have_one_winner() -> anyhow::Result<()> {
    let world = World::start_with(10, Limits { pool_wait: Duration::from_secs(30), ..Limits::default() }).await?;
    let request_id = Uuid::now_v7();
    let mut claims = JoinSet::new();
    for _ in 0..50 {
        let db = world.db.clone();
        let key = Key::new("ann", "Spend", request_id, Keep::Forever, &request("a"));
        claims.spawn(async move {
            let unit = db.write("claim", async move |connection| {
                let (id, first) = key.claim_id(connection).await?;
                if first {
                    sql(connection, "UPDATE accounts SET amount = amount - 1 WHERE id = 1").await?;
                }
                Ok::<_, Error>((id, first))
            });
            unit.await.map_err(|Error(failure)| failure)
        });
    }
    let claims = claims.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(claims.iter().filter(|(_, first)| *first).count(), 1);
    assert!(claims.iter().all(|(id, _)| *id == claims[0].0), "all claims have the same id: {claims:?}");
    assert_eq!(world.amounts().await?, (99, 100));
    Ok(())
}

/// A repeated claim waits until the first transaction ends, and no longer than `lock_timeout`.
#[tokio::test]
async fn a_repeated_claim_waits_for_the_first() -> anyhow::Result<()> {
    let world = World::start_with(2, Limits { lock: Duration::from_millis(300), ..Limits::default() }).await?;
    let (request_id, id) = (Uuid::now_v7(), Uuid::now_v7());
    let key = || Key::new("ann", "Spend", request_id, Keep::Forever, &request("a"));
    let (claimed, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (first, inside) = (key(), (Arc::clone(&claimed), Arc::clone(&go)));
    let first = world.db.write("first", async move |connection| {
        let claim = first.claim(connection, &[id]).await?;
        inside.0.notify_one();
        inside.1.notified().await;
        Ok::<_, Error>(claim)
    });
    let repeats = async {
        claimed.notified().await;
        let Err(Error(failure)) = claim(&world, key(), Uuid::now_v7()).await else { anyhow::bail!("it cannot know yet") };
        assert_told("55P03", failure, &Kind::Locked);
        let repeat = async {
            // On a busy machine the lock may time out before `release` sees the wait.
            loop {
                match claim(&world, key(), Uuid::now_v7()).await {
                    Err(Error(Failure::Locked(_))) => {}
                    done => return done,
                }
            }
        };
        let release = async {
            waiting(&world.schema, "transactionid").await?;
            go.notify_one();
            anyhow::Ok(())
        };
        let (repeat, released) = tokio::join!(repeat, release);
        released?;
        anyhow::Ok(repeat.expect("claim"))
    };
    let (first, repeat) = tokio::join!(first, repeats);
    assert_eq!((first.expect("claim"), repeat?), (Claim::First, Claim::Repeated(vec![id])));
    Ok(())
}

/// Moves all keys into the past by this interval.
async fn age(world: &World, interval: &str) -> anyhow::Result<()> {
    let client = world.schema.connect().await?;
    let older = format!(
        "UPDATE idempotency_keys SET created_at = created_at - interval '{interval}', expires_at = expires_at - interval '{interval}'"
    );
    Ok(client.batch_execute(&older).await?)
}

#[tokio::test]
async fn keys_expire_after_thirty_days_or_never() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (request_id, first, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let spend = |body| Key::new("ann", "Spend", request_id, Keep::Forever, &request(body));
    let create = |body| Key::new("ann", "Create", request_id, Keep::Days30, &request(body));
    for key in [spend("a"), create("a")] {
        assert_eq!(claim(&world, key, first).await.expect("claim"), Claim::First);
    }
    age(&world, "29 days 23 hours").await?;
    for key in [spend("a"), create("a")] {
        assert_eq!(claim(&world, key, other).await.expect("claim"), Claim::Repeated(vec![first]));
    }
    assert!(matches!(claim(&world, create("b"), other).await, Err(Error(Failure::RequestIdReused))));
    age(&world, "2 hours").await?;
    // The key is expired although it was not swept. Any request may claim it, and it is kept as long as a new key.
    assert_eq!(claim(&world, create("b"), other).await.expect("claim"), Claim::First);
    assert_eq!(claim(&world, create("b"), first).await.expect("claim"), Claim::Repeated(vec![other]));
    age(&world, "29 days").await?;
    assert_eq!(sweep(&world.db).await.expect("swept"), 0);
    age(&world, "2 days").await?;
    assert_eq!(sweep(&world.db).await.expect("swept"), 1);
    age(&world, "100 years").await?;
    assert_eq!(sweep(&world.db).await.expect("swept"), 0);
    assert_eq!(claim(&world, spend("a"), other).await.expect("claim"), Claim::Repeated(vec![first]));
    Ok(())
}

#[tokio::test]
async fn concurrent_sweeps_share_the_work_without_waiting() -> anyhow::Result<()> {
    let world = World::start_with(4, Limits::default()).await?;
    let client = world.schema.connect().await?;
    // A dozen batches. Callers share request ids, and some keys with the same ids are not expired.
    let keys = "INSERT INTO idempotency_keys (caller, method, request_id, request_hash, result_ids, created_at, expires_at)
        SELECT caller, 'Create', md5(n::text)::uuid, '', '{}', now() - interval '40 days',
               CASE caller WHEN 'cat' THEN now() + interval '1 day' ELSE now() - n * interval '1 minute' END
        FROM generate_series(1, 1200) n, unnest(ARRAY['ann', 'bob', 'cat']) caller";
    client.batch_execute(keys).await?;
    let held = "BEGIN; UPDATE idempotency_keys SET method = method WHERE caller = 'ann' AND request_id = md5('600')::uuid";
    client.batch_execute(held).await?;
    let sweeps = tokio::join!(sweep(&world.db), sweep(&world.db), sweep(&world.db));
    assert_eq!(sweeps.0? + sweeps.1? + sweeps.2?, 2_399);
    client.batch_execute("ROLLBACK").await?;
    assert_eq!(sweep(&world.db).await?, 1);
    let left = client.query_one("SELECT count(*), count(*) FILTER (WHERE caller = 'cat') FROM idempotency_keys", &[]).await?;
    assert_eq!((left.get::<_, i64>(0), left.get::<_, i64>(1)), (1_200, 1_200));
    Ok(())
}

/// A repeated claim reads the key in a second statement, and the key may expire before it.
#[tokio::test]
async fn a_key_that_is_being_read_is_not_swept() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (request_id, id) = (Uuid::now_v7(), Uuid::now_v7());
    let key = Key::new("ann", "Create", request_id, Keep::Days30, &request("a"));
    claim(&world, key.clone(), id).await.expect("claim");
    let (db, client) = (world.db.clone(), Arc::new(world.schema.connect().await?));
    let unit = world.db.write("repeat", async move |connection| {
        // The transaction's time is fixed here, and the key expires after it.
        sql(connection, "SELECT").await?;
        let expire = "UPDATE idempotency_keys SET created_at = created_at - interval '1 day', expires_at = clock_timestamp()";
        client.batch_execute(expire).await.expect("expires");
        let claim = key.claim(connection, &[Uuid::now_v7()]).await?;
        Ok::<_, Error>((claim, sweep(&db).await?))
    });
    assert_eq!(unit.await.expect("done"), (Claim::Repeated(vec![id]), 0));
    assert_eq!(sweep(&world.db).await?, 1);
    Ok(())
}

#[tokio::test]
async fn forgetting_a_caller_frees_only_their_keys() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (request_id, first, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let key = |caller, method| Key::new(caller, method, request_id, Keep::Forever, &request("a"));
    for (caller, method) in [("ann", "Spend"), ("ann", "Create"), ("bob", "Spend")] {
        assert_eq!(claim(&world, key(caller, method), first).await.expect("claim"), Claim::First);
    }
    let forgotten =
        world.db.write("forget", async |connection| forget(connection, "ann").await.map_err(|e| Error(e.into()))).await;
    assert_eq!(forgotten.expect("forgotten"), 2);
    assert_eq!(claim(&world, key("ann", "Spend"), other).await.expect("claim"), Claim::First);
    assert_eq!(claim(&world, key("bob", "Spend"), other).await.expect("claim"), Claim::Repeated(vec![first]));
    Ok(())
}
