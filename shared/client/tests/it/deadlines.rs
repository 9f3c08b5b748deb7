use std::time::{Duration, Instant};

use futures::StreamExt as _;
use orchard_rpc::Deadline;
use orchard_testkit::answer::{Refusal, refusal, refused};
use orchard_testkit::cable::Cable;
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::{ReadRequest, WatchRequest};
use tonic::{Code, Request, Status};

use crate::world::{Count, World, read};

fn late() -> (Code, String) {
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())
}

/// Returns the timeout that the callee received, in microseconds.
fn timeout<T>(request: &Request<T>) -> Option<u64> {
    request.metadata().get("grpc-timeout")?.to_str().ok()?.strip_suffix('u')?.parse().ok()
}

#[tokio::test]
async fn the_callee_receives_the_time_left_less_a_margin() -> anyhow::Result<()> {
    let world = World::new()?;
    let replica = world.replica(|request| async move { Ok(format!("{}", timeout(&request).unwrap_or_default())) }).await?;
    let client = world.client(&[replica.address])?;
    let received = async |client| -> anyhow::Result<u64> { Ok(read(&client, "").await?.parse()?) };

    let left = Deadline::after(Duration::from_secs(2)).scope(received(client.clone())).await?;
    assert!((1_000_000..=1_950_000).contains(&left), "{left}");
    let left = received(client.clone()).await?;
    assert!((9_000_000..=9_950_000).contains(&left), "without a deadline: {left}");

    // The request's own timeout counts only if it is earlier.
    let mut request = Request::new(ReadRequest::default());
    request.set_timeout(Duration::from_secs(1));
    let left: u64 = client.clone().read(request).await?.into_inner().text.parse()?;
    assert!((500_000..=950_000).contains(&left), "{left}");
    let mut request = Request::new(ReadRequest::default());
    request.set_timeout(Duration::from_secs(60));
    let mut caller = client.clone();
    let call = async move { caller.read(request).await };
    let left: u64 = Deadline::after(Duration::from_secs(2)).scope(call).await?.into_inner().text.parse()?;
    assert!(left <= 1_950_000, "{left}");
    Ok(())
}

#[tokio::test]
async fn a_call_that_hangs_ends_at_the_callers_deadline() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, _count) = world.counting().await?;
    let cable = Cable::to(replica.address).await?;
    let client = world.client(&[cable.address])?;
    read(&client, "").await?;
    cable.fall_silent();
    let (begun, deadline) = (Instant::now(), Deadline::after(Duration::from_millis(400)));
    let status = deadline.scope(read(&client, "")).await.expect_err("no answer");
    let Refusal { code, reason, domain } = refusal(&status);
    assert_eq!((code, reason.as_str(), domain.as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", "orchard.edge"));
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    assert!(
        deadline.remaining() > Duration::ZERO || begun.elapsed() < Duration::from_secs(2),
        "the caller has time left to report it"
    );
    Ok(())
}

#[tokio::test]
async fn a_call_without_time_left_is_not_made() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, count) = world.counting().await?;
    let client = world.client(&[replica.address])?;
    assert_eq!(refused(Deadline::after(Duration::ZERO).scope(read(&client, "")).await), late());
    read(&client, "").await?;
    assert_eq!(count.get(), 1);
    Ok(())
}

/// Streams the received timeout once, and then nothing.
fn stream_timeout() -> Probe {
    Probe::new(|_| async { Ok(String::new()) }).watching(|request| async move {
        let received = request.metadata().get("grpc-timeout").map(|value| format!("{value:?}")).unwrap_or_default();
        Ok(futures::stream::once(async { Ok::<_, Status>(received) }).chain(futures::stream::pending()).boxed())
    })
}

#[tokio::test]
async fn a_stream_ends_at_the_deadline() -> anyhow::Result<()> {
    let world = World::new()?;
    let replica = world.serve(stream_timeout()).await?;
    let client = world.client(&[replica.address])?;
    let watch = async |client: crate::world::Client| client.clone().watch(WatchRequest::default()).await;

    let deadline = Deadline::after(Duration::from_millis(400));
    let mut texts = deadline.scope(watch(client.clone())).await?.into_inner();
    assert!(texts.message().await?.is_some_and(|answer| !answer.text.is_empty()));
    assert_eq!(refused(texts.message().await), late());

    // Without a deadline, a stream may last.
    let mut texts = watch(client).await?.into_inner();
    assert_eq!(texts.message().await?.map(|answer| answer.text), Some(String::new()));
    let more = tokio::time::timeout(Duration::from_millis(50), texts.message()).await;
    assert!(more.is_err(), "{more:?}");
    Ok(())
}

#[tokio::test]
async fn a_call_does_not_wait_for_an_attempt_after_its_deadline() -> anyhow::Result<()> {
    use orchard_proto::rpc::v1::ErrorReason;
    let world = World::new()?;
    let count = Count::default();
    let counted = count.clone();
    let replica = world
        .replica(move |_| {
            counted.add();
            let busy = orchard_rpc::common(ErrorReason::Overloaded, "busy").retry_after(Duration::from_secs(60));
            async { Err(busy.into_status("orchard.test")) }
        })
        .await?;
    let client = world.client(&[replica.address])?;
    let (begun, deadline) = (Instant::now(), Deadline::after(Duration::from_secs(30)));
    let answer = deadline.scope(read(&client, "")).await;
    assert_eq!(refused(answer), (Code::ResourceExhausted, "OVERLOADED".to_owned()), "the refusal is passed on");
    assert!(begun.elapsed() < Duration::from_secs(20), "at once: {:?}", begun.elapsed());
    assert_eq!(count.get(), 1);
    Ok(())
}
