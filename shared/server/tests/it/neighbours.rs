//! One hostile caller after the other beside a polite one, who must not notice.

use std::time::Duration;

use futures::StreamExt as _;
use orchard_testkit::neighbours::{HOSTILE, Target, beside, polite};
use orchard_testkit::probe::{Probe, Watched};
use orchard_testkit::raw::framed;
use tonic::Request;

use crate::world::{World, read};

/// A time by which a busy machine may delay calls, and the number of tries. It may spoil one of them.
const SLACK: Duration = Duration::from_secs(1);
const TRIES: u32 = 4;
const MAX_STREAMS: u32 = 100;
const MAX_CONNECTIONS: u32 = 100;

// The hostile caller works on a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_hostile_caller_makes_a_polite_one_fail() -> anyhow::Result<()> {
    let probe = Probe::new(|request: Request<String>| async {
        // As long as a short statement takes.
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(request.into_inner())
    });
    let endless =
        |_| async { Ok::<Watched, _>(futures::stream::iter([Ok("one".to_owned())]).chain(futures::stream::pending()).boxed()) };
    let world = World::with(probe.watching(endless), |limits| {
        (limits.user_share, limits.address_share) = (25, 25);
        (limits.max_connections, limits.max_streams) = (MAX_CONNECTIONS, MAX_STREAMS);
        limits.call_limit = Duration::from_secs(2);
    })
    .await?;
    let hostile = world.other_token()?;
    let (method, stream) = ("/orchard.probe.v1.ProbeService/Read", "/orchard.probe.v1.ProbeService/Watch");
    let mut target = Target::new(world.running.address, hostile, method, stream, framed("hello"));
    (target.max_connections, target.max_streams) = (usize::try_from(MAX_CONNECTIONS)?, usize::try_from(MAX_STREAMS)?);
    let (kept, mut calls) = (world.client()?, 0_u32);
    // Every fourth call is made on a new connection.
    let mut call = async || {
        calls += 1;
        let mut client = if calls % 4 == 0 { world.client().expect("a client") } else { kept.clone() };
        read(&mut client, "polite").await.map(|_| ())
    };
    let mut wrong = Vec::new();
    for hostile in HOSTILE {
        for left in (0..TRIES).rev() {
            let alone = polite(&mut call).await?;
            let seen = beside(*hostile, &target, &mut call).await?;
            eprintln!("{}: p99 {:?}, alone {:?}", hostile.name, seen.p99, alone.p99);
            if let Some(status) = seen.failed.first() {
                wrong.push(format!("beside one who {}: {} calls failed, such as {status:?}", hostile.name, seen.failed.len()));
            }
            if seen.p99 <= alone.p99 * 2 + SLACK {
                break;
            } else if left == 0 {
                wrong.push(format!("beside one who {}: p99 {:?}, alone {:?}", hostile.name, seen.p99, alone.p99));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}
