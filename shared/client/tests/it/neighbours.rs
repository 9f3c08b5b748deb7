//! What one caller does is charged to that one alone.

use std::time::Duration;

use futures::future::join_all;
use futures::{FutureExt as _, StreamExt as _};
use orchard_rpc::{Deadline, MAX_METADATA_BYTES};
use orchard_testkit::answer::{metadata, refusal, refused};
use orchard_testkit::peer::{Peer, headers, whole};
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::{ReadRequest, WatchRequest};
use tonic::{Code, Request, Status};

use crate::world::{World, assert_none, read, reads, write};

#[tokio::test]
async fn three_hundred_streams_of_one_caller_do_not_keep_others_waiting() -> anyhow::Result<()> {
    let world = World::new()?;
    let probe = Probe::new(|_| async { Ok(String::new()) }).watching(|_| async {
        Ok(futures::stream::once(async { Ok("one".to_owned()) }).chain(futures::stream::pending()).boxed())
    });
    let replica = world.serve(probe).await?;
    let client = world.client(&[replica.address])?;
    let watch = async || {
        let mut texts = client.clone().watch(WatchRequest::default()).await?.into_inner();
        texts.message().await?;
        Ok::<_, Status>(texts)
    };
    let open = join_all((0..300).map(|_| watch())).await;
    let open: Vec<_> = open.into_iter().collect::<Result<_, _>>()?;
    assert_none(&reads(&client, 300).await);
    drop(open);
    join_all((0..300).map(|_| watch())).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(())
}

#[tokio::test]
async fn calls_beyond_all_connections_are_refused_at_once_and_held_against_nobody() -> anyhow::Result<()> {
    let peer = Peer::answering(|_, call| Ok(Some(call))).await?;
    let client = World::new()?.client(&[peer.address])?;
    let long = Deadline::after(Duration::from_secs(600));
    let mut open = Box::pin(join_all((0..3_200).map(|_| long.scope(write(&client, "")))));
    while peer.count() < 3_200 {
        assert!((&mut open).now_or_never().is_none(), "all of them wait");
        tokio::task::yield_now().await;
    }
    for _ in 0..40 {
        let status = long.scope(write(&client, "")).await.expect_err("there is no place");
        assert_eq!(refused::<()>(Err(status)), (Code::ResourceExhausted, "OVERLOADED".to_owned()));
    }
    // Streams have places of their own.
    let mut watcher = client.clone();
    let mut stream = Box::pin(watcher.watch(WatchRequest::default()));
    while peer.count() < 3_201 {
        assert!((&mut stream).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    drop(open);
    let mut call = Box::pin(long.scope(read(&client, "")));
    while peer.count() < 3_202 {
        assert!((&mut call).now_or_never().is_none(), "the breaker is closed");
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn too_much_metadata_is_refused_before_it_is_sent() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, count) = world.counting().await?;
    let client = world.client(&[replica.address])?;
    let with = |bytes: usize| {
        let mut request = Request::new(ReadRequest::default());
        request.metadata_mut().insert("x-large", "x".repeat(bytes).parse().expect("a value"));
        request
    };
    // Tokens and the headers of gRPC take less than 1 KiB.
    client.clone().read(with(MAX_METADATA_BYTES - 1_024)).await?;
    for _ in 0..20 {
        let status = client.clone().read(with(MAX_METADATA_BYTES)).await.expect_err("too large");
        let refused = refusal(&status);
        assert_eq!((refused.code, refused.reason.as_str()), (Code::ResourceExhausted, "METADATA_TOO_LARGE"));
        assert_eq!(metadata(&status, "limit"), Some(MAX_METADATA_BYTES.to_string()));
    }
    read(&client, "").await?;
    assert_eq!(count.get(), 2);
    Ok(())
}

#[tokio::test]
async fn the_largest_metadata_passes_whatever_its_entries() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, _count) = world.counting().await?;
    let client = world.client(&[replica.address])?;
    let mut accepted = 0;
    // Many small entries, up to the limit: what passes here must pass there.
    for entries in (740..800).step_by(5) {
        let mut request = Request::new(ReadRequest::default());
        for number in 0..entries {
            let key = format!("x-{number:04}").parse::<tonic::metadata::MetadataKey<_>>()?;
            request.metadata_mut().insert(key, "12".parse()?);
        }
        match client.clone().read(request).await {
            Ok(_) => accepted += 1,
            Err(status) => assert_eq!(refusal(&status).reason, "METADATA_TOO_LARGE"),
        }
    }
    assert!((1..12).contains(&accepted), "{accepted}");
    Ok(())
}

#[tokio::test]
async fn a_large_refusal_reaches_its_caller() -> anyhow::Result<()> {
    let world = World::new()?;
    let long = headers(&[("grpc-status", "9"), ("grpc-message", &"x".repeat(40 * 1024))]);
    let peer = Peer::answering(move |_, call| whole(call, b"", long.clone())).await?;
    let client = world.client(&[peer.address])?;
    for _ in 0..20 {
        let status = write(&client, "").await.expect_err("refused");
        assert_eq!((status.code(), status.message().len()), (Code::FailedPrecondition, 40 * 1024));
    }
    Ok(())
}
