use futures::StreamExt as _;
use orchard_testkit::answer::refused;
use orchard_testkit::probe::{Probe, Watched};
use tonic::{Code, Request};

use crate::world::{Gate, World, read, watch};

fn fault() -> (Code, String) {
    (Code::Internal, "INTERNAL".to_owned())
}

#[tokio::test]
async fn a_panic_ends_only_its_own_call() -> anyhow::Result<()> {
    let gate = Gate::new();
    let waits = gate.clone();
    let world = World::start(Probe::new(move |request: Request<String>| {
        let gate = waits.clone();
        async move {
            assert!(request.get_ref() != "panic", "on purpose");
            gate.pass().await;
            Ok(request.into_inner())
        }
    }))
    .await?;
    let mut client = world.client()?;
    let mut same = client.clone();
    let sibling = tokio::task::JoinSet::from_iter([async move { read(&mut same, "sibling").await }]);
    gate.waited_for(1).await;
    assert_eq!(refused(read(&mut client, "panic").await), fault());
    gate.open.add_permits(1);
    assert_eq!(sibling.join_all().await.remove(0)?, "sibling");
    Ok(())
}

#[tokio::test]
async fn a_panic_in_a_stream_ends_only_that_stream() -> anyhow::Result<()> {
    let world = World::start(Probe::new(|request: Request<String>| async { Ok(request.into_inner()) }).watching(|_| async {
        let stream: Watched = futures::stream::unfold(0, |count| async move {
            // Messages that are ready together are sent together. Yielding lets the first one leave before the panic.
            tokio::task::yield_now().await;
            assert!(count == 0, "on purpose");
            Some((Ok("one".to_owned()), count + 1))
        })
        .boxed();
        Ok(stream)
    }))
    .await?;
    let mut client = world.client()?;
    let mut stream = watch(&mut client).await?;
    assert_eq!(stream.message().await?.map(|answer| answer.text).as_deref(), Some("one"));
    assert_eq!(refused(stream.message().await), fault());
    assert_eq!(read(&mut client, "sibling").await?, "sibling");
    Ok(())
}
