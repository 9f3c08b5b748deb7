//! Consumers outside the suite, which answer as they like.

use std::sync::Arc;

use futures::future::try_join_all;
use http::HeaderMap;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{common, status};
use orchard_testkit::peer::{Peer, headers, whole};
use tonic::Status;

use crate::world::{FINE, PENDING, World, impatient};

/// An empty message.
const TAKEN: &[u8] = &[0; 5];
/// As many calls as fail while events are tried three times, which is as often as a refused one is.
const FAILURES: usize = 6;

/// Publishes events for a consumer that ends its first calls with these trailers, and waits until all are delivered.
async fn deliver_after(trailers: HeaderMap) -> anyhow::Result<()> {
    let world = World::prepare().await?;
    let trailers = Arc::new(trailers);
    let answer = move |number, call| match number < FAILURES {
        true => whole(call, b"", HeaderMap::clone(&trailers)),
        false => whole(call, TAKEN, headers(&[("grpc-status", "0")])),
    };
    let consumer = Peer::answering(answer).await?;
    let replica = world.replica_telling(consumer.address, &impatient())?;
    replica.publish(world.aggregates(1).await?[0], &[FINE, FINE]).await?;
    // A parked event would stay.
    world.until(PENDING, 0).await?;
    assert!(consumer.count() > FAILURES);
    Ok(())
}

#[tokio::test]
async fn events_are_not_blamed_for_the_state_of_their_consumer() -> anyhow::Result<()> {
    let says = |reason| status::trailers(&common(reason, "").into_status("orchard.social"));
    let garbage = [headers(&[("grpc-status", "9"), ("grpc-status-details-bin", "%%%")]), headers(&[("x-no", "status")])];
    let states =
        [says(ErrorReason::DeadlineExceeded), says(ErrorReason::Internal), status::trailers(&Status::unknown("a fault"))];
    try_join_all(garbage.into_iter().chain(states).map(deliver_after)).await?;
    Ok(())
}
