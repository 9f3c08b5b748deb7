use std::time::Duration;

use futures::StreamExt as _;
use orchard_rpc::Deadline;
use orchard_testkit::answer::refused;
use orchard_testkit::probe::pb::ReadRequest;
use orchard_testkit::probe::{Probe, Watched};
use tokio::time::timeout;
use tonic::{Code, Request};

use crate::world::{Gate, World, read, watch, within};

const SHORT: Duration = Duration::from_millis(150);
/// A limit for calls that must end early. It is generous, because only a call that never ends must exceed it.
const SOON: Duration = Duration::from_secs(20);

fn late() -> (Code, String) {
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())
}

/// Answers with the milliseconds left until the deadline.
fn time_left() -> Probe {
    Probe::new(|_: Request<String>| async {
        Ok(Deadline::current().map_or_else(String::new, |deadline| deadline.remaining().as_millis().to_string()))
    })
}

/// Adds streams that send nothing, or send without end.
fn streams(probe: Probe, sends: bool) -> Probe {
    probe.watching(move |_| async move {
        let stream: Watched = if sends {
            futures::stream::repeat_with(|| Ok("on and on".to_owned())).boxed()
        } else {
            futures::stream::pending().boxed()
        };
        Ok(stream)
    })
}

#[tokio::test]
async fn the_callers_deadline_reaches_the_handler_and_is_capped() -> anyhow::Result<()> {
    let world = World::with(time_left(), |limits| limits.call_limit = Duration::from_secs(5)).await?;
    let mut client = world.client()?;
    let mut left = async |request: Request<ReadRequest>| -> anyhow::Result<u64> {
        Ok(client.read(request).await?.into_inner().text.parse()?)
    };
    assert!(left(within(Duration::from_secs(2), ReadRequest::default())).await? <= 2_000);
    let capped = left(within(Duration::from_secs(3_600), ReadRequest::default())).await?;
    assert!((2_001..=5_000).contains(&capped), "{capped}");
    let without = left(Request::new(ReadRequest::default())).await?;
    assert!((2_001..=5_000).contains(&without), "{without}");
    Ok(())
}

#[tokio::test]
async fn calls_end_at_the_services_limit() -> anyhow::Result<()> {
    let gate = Gate::new();
    let world = World::with(gate.probe(), |limits| limits.call_limit = SHORT).await?;
    assert_eq!(refused(timeout(SOON, world.read("wait")).await?), late(), "no deadline in the request");
    let mut client = world.client()?;
    let patient = within(Duration::from_secs(3_600), ReadRequest { text: "wait".to_owned() });
    assert_eq!(refused(timeout(SOON, client.read(patient)).await?), late(), "a deadline after the service's limit");
    Ok(())
}

/// Uses raw calls, whose deadline only the server reads. Ordinary clients also give up by themselves.
#[tokio::test]
async fn the_server_ends_late_calls() -> anyhow::Result<()> {
    for (path, sends) in [("Read", false), ("Watch", false), ("Watch", true)] {
        let gate = Gate::new();
        let world = World::start(streams(gate.probe(), sends)).await?;
        let answer = timeout(SOON, world.raw().await?.call(path, "wait", "100m")).await??;
        assert_eq!(answer, (Some(Code::DeadlineExceeded), "DEADLINE_EXCEEDED".to_owned()), "{path}, sends: {sends}");
    }
    Ok(())
}

#[tokio::test]
async fn streams_end_at_their_limit_and_other_calls_go_on() -> anyhow::Result<()> {
    let world = World::with(streams(time_left(), false), |limits| limits.stream_limit = SHORT).await?;
    let mut client = world.client()?;
    let mut stream = watch(&mut client).await?;
    assert_eq!(refused(timeout(SOON, stream.message()).await?), late());
    read(&mut client, "on the same connection").await?;
    Ok(())
}
