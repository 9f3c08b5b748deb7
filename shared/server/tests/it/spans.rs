//! The spans that a service exports to a collector.

use std::time::{Duration, Instant};

use orchard_testkit::collector::{Collector, Span, SpanKind};
use tokio::net::TcpListener;

use crate::telemetry::{CANARY, PARENT, READ, TRACE, World};
use crate::world::read;

#[tokio::test]
async fn spans_are_exported_as_their_callers_decide_or_by_ratio() -> anyhow::Result<()> {
    let collector = Collector::start().await?;
    for (ratio, flags, expected) in [("0", "00", 0), ("0", "01", 1), ("1", "00", 0), ("1", "01", 1)] {
        let before = collector.spans().len();
        let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()), ("OTEL_TRACES_SAMPLER_ARG", ratio.to_owned())];
        let world = World::start(&settings).await?;
        world.traced(flags).await?;
        let own = read(&mut world.client()?, "own").await;
        assert!(own.is_ok());
        // Stopping the program flushes its spans.
        world.program.stop().await?;
        let own = if ratio == "1" { 1 } else { 0 };
        let spans = collector.spans().split_off(before);
        assert_eq!(spans.len(), expected + own, "ratio {ratio}, flags {flags}: {spans:?}");
        let theirs: Vec<&Span> = spans.iter().filter(|span| span.trace_id == TRACE).collect();
        assert_eq!(theirs.len(), expected);
        for span in theirs {
            assert_eq!((span.parent_id.as_str(), span.name.as_str(), span.kind), (PARENT, READ, SpanKind::Server));
            assert_eq!(span.service(), "orchard-probe");
            assert!(["service.version", "service.instance.id"].iter().all(|name| !span.resource[*name].is_empty()));
        }
    }
    assert!(!collector.raw().contains("canary"));
    Ok(())
}

#[tokio::test]
async fn spans_of_failures_are_errors_and_spans_of_refusals_are_not() -> anyhow::Result<()> {
    let collector = Collector::start().await?;
    let world = World::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())]).await?;
    let mut client = world.client()?;
    read(&mut client, CANARY).await?;
    assert!(read(&mut client, &format!("refuse {CANARY}")).await.is_err());
    assert!(read(&mut client, &format!("panic {CANARY}")).await.is_err());
    world.program.stop().await?;
    let spans = collector.spans();
    let status =
        |code: &str| spans.iter().find(|span| span.attribute("rpc.response.status_code") == code).map(|span| span.is_error);
    assert_eq!(
        (status("OK"), status("INVALID_ARGUMENT"), status("INTERNAL")),
        (Some(false), Some(false), Some(true)),
        "{spans:?}"
    );
    for span in &spans {
        assert_eq!((span.attribute("rpc.system.name"), span.attribute("rpc.method")), ("grpc", READ));
        assert_eq!(span.attribute("error.type"), if span.is_error { "INTERNAL" } else { "" });
    }
    assert!(!collector.raw().contains("canary"), "{}", collector.raw());
    Ok(())
}

/// Tests a collector that refuses connections, and one that accepts them and never answers.
#[tokio::test]
async fn an_unavailable_collector_does_not_slow_calls_down() -> anyhow::Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let absent = TcpListener::bind("127.0.0.1:0").await?;
    let endpoints = [format!("http://{}", silent.local_addr()?), format!("http://{}", absent.local_addr()?)];
    drop(absent);
    for endpoint in endpoints {
        let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.clone()), ("ORCHARD_LOG", "warn".to_owned())];
        let world = World::start(&settings).await?;
        let mut client = world.client()?;
        let mut slowest = Duration::ZERO;
        // More spans than the queue holds.
        for _ in 0..4_000 {
            let begun = Instant::now();
            read(&mut client, "fine").await?;
            slowest = slowest.max(begun.elapsed());
        }
        assert!(slowest < Duration::from_millis(500), "{slowest:?}");
        let begun = Instant::now();
        let said = world.program.stop().await?;
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert!((1..=3).contains(&said.lines().count()), "logged once, and not again and again: {said}");
    }
    Ok(())
}
