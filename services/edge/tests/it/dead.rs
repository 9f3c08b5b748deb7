//! A dead slice does not cost each request its timeout.

use std::time::Duration;

use futures::future::join_all;
use orchard_proto::edge::v1::SectionState;
use orchard_testkit::keys::DevKeys;
use tokio::time::{Instant, sleep};

use crate::sections::states;
use crate::stub::Fault;
use crate::world::{PLENTY, World};

/// A time in which no call can be answered that waits for a slice as long as it may.
const AT_ONCE: Duration = Duration::from_secs(1);
/// A time in which a slice that is dead, or is back, must have been noticed.
const NOTICED: Duration = Duration::from_secs(20);

/// Returns the state of the section of the social slice, and how long the view took.
async fn author(world: &World) -> anyhow::Result<(SectionState, Duration)> {
    let begun = Instant::now();
    let page = world.view("GetRecipePage", PLENTY).await?;
    Ok((states(&page)["author"], begun.elapsed()))
}

#[tokio::test]
async fn views_soon_stop_to_wait_for_a_dead_slice_and_ask_it_again_when_it_is_back() -> anyhow::Result<()> {
    let keys = DevKeys::ephemeral()?;
    for fault in [Fault::Stopped, Fault::Killed] {
        let mut world = World::start(&keys, 1).await?;
        assert_eq!(author(&world).await?.0, SectionState::Ok);
        world.slices[1].fail(fault).await;
        let begun = Instant::now();
        loop {
            let seen = join_all((0..5).map(|_| author(&world))).await.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
            assert!(seen.iter().all(|(state, _)| *state == SectionState::Unavailable), "{fault:?}: {seen:?}");
            if seen.iter().all(|(_, took)| *took < AT_ONCE) {
                break;
            }
            assert!(begun.elapsed() < NOTICED, "{fault:?}: {seen:?}");
        }
        world.slices[1].heal().await?;
        let begun = Instant::now();
        while author(&world).await?.0 != SectionState::Ok {
            assert!(begun.elapsed() < NOTICED, "{fault:?}: it is not asked again");
            sleep(Duration::from_millis(200)).await;
        }
        for _ in 0..20 {
            assert_eq!(author(&world).await?.0, SectionState::Ok, "{fault:?}: it is asked each time");
        }
    }
    Ok(())
}
