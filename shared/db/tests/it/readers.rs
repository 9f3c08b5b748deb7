use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl as _;
use futures::FutureExt as _;
use futures::future::{join_all, try_join_all};
use opentelemetry::trace::{FutureExt as OtelFutureExt, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, global};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use orchard_db::{Connection, Failure};

use crate::world::{World, waiting};

/// Selects a number.
async fn number(mut connection: &Connection, of: &str) -> Result<i32, Failure> {
    Ok(diesel::select(diesel::dsl::sql::<Integer>(of)).get_result(&mut connection).await?)
}

/// Keeps the spans that have ended.
#[derive(Clone, Debug, Default)]
struct Spans(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Spans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("a lock").extend(batch);
        Ok(())
    }
}

const SESSION: &str = "pg_backend_pid()";

#[tokio::test]
async fn many_reads_share_two_connections() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    // Reads do not need the pool.
    let _held = world.db.connection().await?;
    let reads = (0..200).map(async |index: i32| {
        let reader = world.db.read().await?;
        let same = number(&reader, &index.to_string()).await?;
        assert_eq!(same, index, "each caller gets its own answer");
        number(&reader, SESSION).await
    });
    let sessions: HashSet<i32> = try_join_all(reads).await?.into_iter().collect();
    assert_eq!(sessions.len(), 2);
    Ok(())
}

#[tokio::test]
async fn an_abandoned_read_leaves_the_connection_usable() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let reader = world.db.read().await?;
    let slow = number(&reader, "(SELECT 1 FROM pg_sleep(0.3))");
    tokio::select! {
        done = slow => anyhow::bail!("not yet: {done:?}"),
        asleep = waiting(&world.schema, "PgSleep") => drop(asleep?),
    }
    // Meanwhile the other connection answers. The same one answers later.
    let (same, other) = (number(&reader, "2"), async { number(&*world.db.read().await?, "(SELECT 3)").await });
    let began = Instant::now();
    let (same, other) = tokio::join!(same, async { (other.await, began.elapsed()) });
    assert_eq!((same?, other.0?), (2, 3));
    assert!(other.1 < Duration::from_millis(250), "delayed for {:?}", other.1);
    Ok(())
}

#[tokio::test]
async fn a_lost_connection_is_replaced() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let reader = world.db.read().await?;
    let session = number(&reader, SESSION).await?;
    let other = world.db.read().await?;
    let others = number(&other, SESSION).await?;
    let sleeping = number(&reader, "(SELECT 1 FROM pg_sleep(30))");
    let behind = number(&reader, "1");
    let end = async {
        waiting(&world.schema, "PgSleep").await?;
        let end = format!("SELECT pg_terminate_backend({session}, 0)");
        anyhow::Ok(world.schema.connect().await?.batch_execute(&end).await?)
    };
    let (slept, behind, ended) = tokio::join!(sleeping, behind, end);
    ended?;
    for lost in [slept, behind] {
        assert!(matches!(lost, Err(Failure::Unavailable(_))), "{lost:?}");
    }
    assert!(number(&reader, "1").await.is_err(), "a reader is not moved to another connection");
    drop((reader, other));
    let sessions = join_all((0..8).map(async |_| number(&*world.db.read().await?, SESSION).await)).await;
    let sessions = sessions.into_iter().collect::<Result<HashSet<_>, _>>()?;
    assert!(sessions.contains(&others) && !sessions.contains(&session) && sessions.len() == 2, "{sessions:?}");
    Ok(())
}

/// Altering a table delays reads of it, and reads behind these on the same connection, but only briefly.
#[tokio::test]
async fn a_locked_table_delays_other_reads_only_briefly() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let mut alters = world.schema.connect().await?;
    let altering = alters.transaction().await?;
    altering.batch_execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await?;
    let reader = world.db.read().await?;
    let (locked, free) = tokio::join!(number(&reader, "(SELECT amount FROM accounts WHERE id = 1)"), number(&reader, "1"));
    assert!(matches!(locked, Err(Failure::Locked(_))), "{locked:?}");
    assert_eq!(free?, 1);
    altering.rollback().await?;
    assert_eq!(number(&reader, "(SELECT amount FROM accounts WHERE id = 1)").await?, 100);
    Ok(())
}

#[tokio::test]
async fn statements_on_a_shared_connection_belong_to_their_callers_traces() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let spans = Spans::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    global::set_tracer_provider(provider.clone());
    orchard_rpc::trace::export();
    let reader = world.db.read().await?;
    let call = || Context::new().with_span(provider.tracer("test").start("call"));
    // An abandoned statement must not receive the answer of another one.
    let mut connection: &Connection = &reader;
    let ask = async { diesel::select(diesel::dsl::sql::<Text>("current_schema()")).get_result::<String>(&mut connection).await };
    let given_up = OtelFutureExt::with_context(ask, call()).now_or_never();
    assert!(given_up.is_none(), "the statement was sent, and its answer was not awaited");
    // All callers send the same statement, and some finish before others.
    let calls = (0..8).map(|index| {
        let context = call();
        let trace = context.span().span_context().trace_id();
        let mut connection: &Connection = &reader;
        let read = async move {
            let slow = diesel::select(diesel::dsl::sql::<Text>("current_schema()"));
            for _ in 0..=index {
                let _: String = slow.clone().get_result(&mut connection).await?;
            }
            Ok::<_, Failure>((trace, index + 1))
        };
        OtelFutureExt::with_context(read, context)
    });
    let expected: HashMap<_, usize> = try_join_all(calls).await?.into_iter().collect();
    let mut seen = HashMap::new();
    for span in spans.0.lock().expect("a lock").iter().filter(|span| span.name == "SELECT") {
        *seen.entry(span.span_context.trace_id()).or_default() += 1;
    }
    assert_eq!(seen, expected);
    Ok(())
}
