//! Callers who do not read their answers.

use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use h2::client::Builder;
use orchard_testkit::probe::{Probe, Watched};
use orchard_testkit::raw::{Raw, framed};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::Request;

use crate::world::World;

const SHORT: Duration = Duration::from_millis(300);
/// Time limit of everything here that must end.
const SOON: Duration = Duration::from_secs(30);

/// Returns a connection whose caller takes so many bytes of each answer.
async fn reading(world: &World, bytes: u32) -> anyhow::Result<Raw> {
    let tcp = TcpStream::connect(world.running.address).await?;
    Raw::over(tcp, Builder::new().initial_window_size(bytes), &world.token).await
}

fn streaming() -> Probe {
    let echo = Probe::new(|request: Request<String>| async { Ok(request.into_inner()) });
    echo.watching(|_| async { Ok::<Watched, _>(futures::stream::repeat_with(|| Ok("on and on".to_owned())).boxed()) })
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_reset_at_the_deadline_and_its_place_is_free() -> anyhow::Result<()> {
    let world = World::with(streaming(), |limits| {
        (limits.call_limit, limits.stream_limit) = (SHORT, SHORT);
        (limits.max_calls, limits.max_streams) = (Some(1), 1);
    })
    .await?;
    for (method, window) in [("Read", 0), ("Read", 1), ("Watch", 0), ("Watch", 20)] {
        let raw = reading(&world, window).await?;
        let (answer, mut message) = raw.begin(method, &[]).await?;
        message.send_data(framed("longer than the window"), true)?;
        let mut body = timeout(SOON, answer).await??.into_body();
        let reset = async {
            loop {
                match body.data().await.context("the whole answer")? {
                    Ok(_unread) => {}
                    Err(reset) => break anyhow::Ok(reset),
                }
            }
        };
        let reset = timeout(SOON, reset).await??;
        assert_eq!(reset.reason(), Some(h2::Reason::CANCEL), "{method}, window {window}");
        let freed = async { while world.read("room").await.is_err() {} };
        timeout(SOON, freed).await?;
        // The connection is as good as before.
        assert_eq!(reading(&world, 65_535).await?.call("Read", "beside it", "5S").await?.0, Some(tonic::Code::Ok));
    }
    Ok(())
}

#[tokio::test]
async fn a_drain_does_not_wait_for_answers_that_are_not_read() -> anyhow::Result<()> {
    let world = World::with(streaming(), |limits| {
        (limits.call_limit, limits.drain_limit) = (2 * SOON, 2 * SOON);
    })
    .await?;
    let mut unread = Vec::new();
    for method in ["Read", "Watch"] {
        let raw = reading(&world, 0).await?;
        let (answer, mut message) = raw.begin(method, &[]).await?;
        message.send_data(framed("unread"), true)?;
        unread.push((timeout(SOON, answer).await??, raw));
    }
    timeout(SOON, world.running.stop()).await?
}
