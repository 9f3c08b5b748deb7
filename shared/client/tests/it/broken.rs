//! Connections that break while calls are open.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures::StreamExt as _;
use http::Response;
use orchard_testkit::answer::refused;
use orchard_testkit::cable::Cable;
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::WatchRequest;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::{Request, Status};

use crate::world::{Client, Count, World, read, unavailable, write};

/// Makes a call whose connection is cut while it is open; later attempts are answered. Returns the answer and the number of attempts.
async fn call_while_cutting(
    world: &World,
    call: impl AsyncFnOnce(Client) -> Result<String, Status>,
) -> anyhow::Result<(Result<String, Status>, usize)> {
    let (count, begun) = (Count::default(), Arc::new(Notify::new()));
    let (counted, beginning) = (count.clone(), Arc::clone(&begun));
    let hold = move |request: Request<String>| {
        let is_first = counted.add() == 0;
        let beginning = Arc::clone(&beginning);
        async move {
            if is_first {
                beginning.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(request.into_inner())
        }
    };
    let replica = world.replica(hold).await?;
    let cable = Cable::to(replica.address).await?;
    let client = world.client(&[cable.address])?;
    let (answer, ()) = tokio::join!(call(client), async {
        begun.notified().await;
        cable.cut();
    });
    Ok((answer, count.get()))
}

#[tokio::test]
async fn a_read_is_repeated_after_a_lost_connection_and_a_write_is_not() -> anyhow::Result<()> {
    let world = World::new()?;
    let (answer, attempts) = call_while_cutting(&world, async |client| read(&client, "x").await).await?;
    assert_eq!((answer?.as_str(), attempts), ("x", 2));
    let (answer, attempts) = call_while_cutting(&world, async |client| write(&client, "x").await).await?;
    assert_eq!((refused(answer), attempts), (unavailable(), 1), "the replica may have done it");
    Ok(())
}

/// Takes a call, answers with half a message and closes the connection.
async fn answer_half(stream: TcpStream) -> anyhow::Result<()> {
    let mut connection = h2::server::handshake(stream).await?;
    let (_request, mut respond) = connection.accept().await.context("a call")??;
    let mut body = respond.send_response(Response::builder().header("content-type", "application/grpc").body(())?, false)?;
    body.send_data(Bytes::from_static(&[0, 0, 0, 0, 9, 10]), false)?;
    // The data is sent while the connection is polled.
    let _ = timeout(Duration::from_millis(100), connection.accept()).await;
    Ok(())
}

/// Refuses all calls with GOAWAY, including the one on its way.
async fn go_away(mut stream: TcpStream) -> anyhow::Result<()> {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // After the header: the last processed stream, none, and the code, no error.
    const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    stream.write_all(&SETTINGS).await?;
    stream.write_all(&GOAWAY).await?;
    // Reads to the end: closing with unread bytes would reset the connection before GOAWAY is read.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// Serves the first connection with `first` and forwards later ones to `replica`.
async fn then_forward<F>(listener: TcpListener, first: impl FnOnce(TcpStream) -> F, replica: SocketAddr) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    first(listener.accept().await?.0).await?;
    loop {
        let (mut from, _) = listener.accept().await?;
        let mut to = TcpStream::connect(replica).await?;
        let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
    }
}

#[tokio::test]
async fn half_an_answer_does_not_reach_the_caller() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, count) = world.counting().await?;
    let mut replicas = JoinSet::new();
    let mut client = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = world.client(&[listener.local_addr()?])?;
        replicas.spawn(then_forward(listener, answer_half, replica.address));
        anyhow::Ok(client)
    };
    assert_eq!(refused(write(&client().await?, "whole").await), unavailable());
    assert_eq!(count.get(), 0);
    assert_eq!(read(&client().await?, "whole").await?, "whole");
    assert_eq!(count.get(), 1);
    Ok(())
}

#[tokio::test]
async fn a_call_refused_by_goaway_is_sent_again() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, count) = world.counting().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = world.client(&[listener.local_addr()?])?;
    let mut replicas = JoinSet::new();
    replicas.spawn(then_forward(listener, go_away, replica.address));
    assert_eq!(write(&client, "x").await?, "x");
    assert_eq!(count.get(), 1);
    Ok(())
}

#[tokio::test]
async fn a_broken_stream_ends_with_a_status() -> anyhow::Result<()> {
    let world = World::new()?;
    let probe = Probe::new(|_| async { Ok(String::new()) }).watching(|_| async {
        Ok(futures::stream::once(async { Ok("one".to_owned()) }).chain(futures::stream::pending()).boxed())
    });
    let replica = world.serve(probe).await?;
    let cable = Cable::to(replica.address).await?;
    let mut client = world.client(&[cable.address])?;
    let mut texts = client.watch(WatchRequest::default()).await?.into_inner();
    assert!(texts.message().await?.is_some());
    cable.cut();
    assert_eq!(refused(texts.message().await), unavailable());
    Ok(())
}
