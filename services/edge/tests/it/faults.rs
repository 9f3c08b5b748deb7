//! Everything that may be wrong with a slice, for each slice and each view.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use orchard_proto::edge::v1::SectionState;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{common, overloaded};
use orchard_testkit::answer::{metadata, refused};
use orchard_testkit::keys::DevKeys;
use prost_reflect::DynamicMessage;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};

use crate::sections::{missing, states, timeless};
use crate::stub::Fault;
use crate::world::{PLENTY, SLICES, VIEWS, World};

/// How long callers wait.
const LIMIT: Duration = Duration::from_secs(4);
/// A time in which a slice that is well again is called again, whatever the circuit breaker has seen.
const RECOVERY: Duration = Duration::from_secs(25);
/// The pairs of a slice and a fault that are tried at once.
const AT_ONCE: usize = 4;

/// The slice of a view's heart, and the slices of its sections.
type Composed = (Option<&'static str>, &'static [(&'static str, &'static str)]);

/// What each view is composed of, in the order of `VIEWS`.
const COMPOSED_OF: [Composed; 8] = [
    (Some("family"), &[("challenges", "social"), ("highlights", "social")]),
    (
        None,
        &[
            ("profile", "social"),
            ("families", "family"),
            ("invitations", "family"),
            ("friends", "social"),
            ("active_challenges", "social"),
            ("sessions", "consultation"),
            ("highlights", "social"),
            ("featured_recipes", "recipe"),
            ("featured_challenges", "social"),
        ],
    ),
    (
        Some("social"),
        &[("friendship", "social"), ("achievements", "social"), ("recipes", "recipe"), ("active_challenges", "social")],
    ),
    (Some("recipe"), &[("author", "social"), ("nutrition", "recipe"), ("reviews", "recipe"), ("own", "recipe")]),
    (Some("consultation"), &[("slots", "consultation"), ("sessions", "consultation")]),
    (Some("social"), &[("creator", "social"), ("participation", "social"), ("leaderboard", "social"), ("friends", "social")]),
    (None, &[("analytics", "social"), ("credits", "social"), ("referrals", "social")]),
    (None, &[("recipes", "recipe"), ("challenges", "social"), ("professionals", "consultation")]),
];

fn database_unavailable() -> Status {
    common(ErrorReason::DatabaseUnavailable, "no database").into_status("orchard.stub")
}

fn internal() -> Status {
    common(ErrorReason::Internal, "internal fault").into_status("orchard.stub")
}

fn busy() -> Status {
    overloaded().into_status("orchard.stub")
}

fn token_expired() -> Status {
    common(ErrorReason::TokenExpired, "the token has expired").into_status("orchard.stub")
}

/// Faults, and what a view is answered with whose heart has them. A refusal without a reason is nobody's decision about the caller.
const FAULTS: [(Fault, Code, &str); 16] = [
    (Fault::Killed, Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Stopped, Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Slow(Duration::from_secs(5)), Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Garbage, Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Broken, Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Undecodable, Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Oversized, Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Http(503), Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Http(403), Code::Internal, "INTERNAL"),
    (Fault::Http(404), Code::Unimplemented, "METHOD_UNKNOWN"),
    (Fault::Refusing(database_unavailable), Code::Unavailable, "DATABASE_UNAVAILABLE"),
    (Fault::Refusing(busy), Code::ResourceExhausted, "OVERLOADED"),
    (Fault::Refusing(internal), Code::Internal, "INTERNAL"),
    (Fault::Refusing(token_expired), Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Refusing(|| Status::permission_denied("a proxy")), Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (Fault::Refusing(|| Status::not_found("a proxy")), Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
];

/// Returns all views, all of whose sections are there.
async fn whole(world: &World) -> anyhow::Result<Vec<DynamicMessage>> {
    let views = world.views(PLENTY).await.0.into_iter().collect::<Result<Vec<_>, _>>()?;
    for view in &views {
        assert!(states(view).values().all(|state| *state == SectionState::Ok), "{:?}", states(view));
    }
    Ok(views.into_iter().map(timeless).collect())
}

/// Makes a slice fail, and returns what is wrong with the views then, and when it is well again.
async fn try_fault(keys: &DevKeys, slice: usize, (fault, code, reason): (Fault, Code, &str)) -> anyhow::Result<Vec<String>> {
    let mut world = World::start(keys, 2).await?;
    let before = whole(&world).await?;
    world.slices[slice].fail(fault).await;
    let mut wrong = Vec::new();
    let (views, took) = world.views(LIMIT).await;
    if took > LIMIT {
        wrong.push(format!("the views took {took:?}"));
    }
    for (n, view) in views.into_iter().enumerate() {
        let (heart, sections) = COMPOSED_OF[n];
        if heart == Some(SLICES[slice]) {
            let upstream = view.as_ref().err().and_then(|status| metadata(status, "upstream"));
            let names_it = reason != "UPSTREAM_UNAVAILABLE" || upstream.as_deref() == heart;
            let refusal = refused(view);
            if refusal != (code, reason.to_owned()) || !names_it {
                wrong.push(format!("{} is refused with {refusal:?}, upstream {upstream:?}", VIEWS[n]));
            }
            continue;
        }
        let lost: Vec<&str> = sections.iter().filter(|(_, of)| *of == SLICES[slice]).map(|(name, _)| *name).collect();
        let expected = missing(&before[n], &lost, SectionState::Unavailable);
        match view {
            Ok(view) if timeless(view.clone()) == expected => {}
            Ok(view) => wrong.push(format!("{} has {:?}, not {:?}", VIEWS[n], states(&view), states(&expected))),
            Err(status) => wrong.push(format!("{} is refused: {status:?}", VIEWS[n])),
        }
    }
    world.slices[slice].heal().await?;
    let healed = Instant::now();
    while all(&world).await.as_ref() != Some(&before) {
        if healed.elapsed() > RECOVERY {
            wrong.push("the views do not recover".to_owned());
            break;
        }
        sleep(Duration::from_millis(200)).await;
    }
    world.stop().await?;
    Ok(wrong.into_iter().map(|wrong| format!("{} {fault:?}: {wrong}", SLICES[slice])).collect())
}

/// Returns all views, if there are all.
async fn all(world: &World) -> Option<Vec<DynamicMessage>> {
    world.views(LIMIT).await.0.into_iter().map(|view| view.ok().map(timeless)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_at_fault_takes_only_its_own_sections_away_and_comes_back() -> anyhow::Result<()> {
    let keys = DevKeys::ephemeral()?;
    let pairs = (0..SLICES.len()).flat_map(|slice| FAULTS.map(|fault| (slice, fault)));
    let tried = stream::iter(pairs).map(|(slice, fault)| try_fault(&keys, slice, fault)).buffer_unordered(AT_ONCE);
    let wrong: Vec<anyhow::Result<Vec<String>>> = tried.collect().await;
    let wrong = wrong.into_iter().collect::<anyhow::Result<Vec<_>>>()?.concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test]
async fn a_slice_that_is_slow_but_in_time_is_waited_for() -> anyhow::Result<()> {
    let mut world = World::start(&DevKeys::ephemeral()?, 2).await?;
    let before = whole(&world).await?;
    for slice in 0..SLICES.len() {
        world.slices[slice].fail(Fault::Slow(Duration::from_millis(300))).await;
    }
    assert_eq!(whole(&world).await?, before);
    Ok(())
}
