//! How often callers and addresses may call.

use std::num::NonZeroUsize;
use std::time::Duration;

use orchard_proto::social::v1::leaderboard_service_client::LeaderboardServiceClient;
use orchard_proto::social::v1::{WatchLeaderboardRequest, WatchLeaderboardResponse};
use orchard_server::{RateClock, RateOptions};
use orchard_testkit::answer::refused;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tonic::{Code, Status};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

use crate::answers::always;
use crate::limited::{Edge, behind_a_proxy, call, is_limited, limit, of_addresses, of_callers};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_calls_at_once_a_caller_gets_the_burst() -> anyhow::Result<()> {
    let edge = Edge::start(of_callers(10, 20, &RateClock::stopped())).await?;
    let (one, other) = (edge.via(edge.token()?, None), edge.via(edge.token()?, None));
    let (admitted, refusals) = edge.calls(&one, 50).await;
    assert_eq!(admitted, 20);
    assert_eq!(edge.world.calls().len(), 20, "a refused call costs no call of a slice");
    assert!(refusals.iter().all(|status| status.code() == Code::ResourceExhausted && limit(status).0 == "caller"));
    assert_eq!(refused(call(&one).await), (Code::ResourceExhausted, "RATE_LIMITED".to_owned()));
    assert_eq!(edge.calls(&other, 50).await.0, 20, "another user at the same address");
    Ok(())
}

#[tokio::test]
async fn the_time_to_wait_is_exact() -> anyhow::Result<()> {
    let clock = RateClock::stopped();
    let edge = Edge::start(of_callers(8, 3, &clock)).await?;
    let via = edge.via(edge.token()?, None);
    assert_eq!(edge.calls(&via, 3).await.0, 3);
    for passed in [0, 40, 124] {
        clock.advance(Duration::from_millis(passed));
        let wait = limit(&call(&via).await.expect_err("too soon")).1;
        assert_eq!(wait, Duration::from_millis(125 - passed));
        clock.advance(wait - Duration::from_nanos(1));
        assert_eq!(limit(&call(&via).await.expect_err("a nanosecond too soon")).1, Duration::from_nanos(1));
        clock.advance(Duration::from_nanos(1));
        call(&via).await?;
    }
    Ok(())
}

#[tokio::test]
async fn users_share_their_address_and_bad_tokens_count() -> anyhow::Result<()> {
    let edge = Edge::start(of_addresses(10, 12, &RateClock::stopped())).await?;
    assert_eq!(edge.calls(&edge.via(edge.token()?, None), 4).await.0, 4);
    for guess in [None, Some("guess".to_owned())] {
        for _ in 0..2 {
            assert_eq!(call(&edge.via(guess.clone(), None)).await.expect_err("no good token").code(), Code::Unauthenticated);
        }
    }
    // What does not exist counts as well: the health of the edge is at another port.
    let unknown = tonic_health::pb::health_client::HealthClient::new(edge.via(None, None));
    for _ in 0..2 {
        let answer = unknown.clone().check(tonic_health::pb::HealthCheckRequest::default()).await;
        assert_eq!(refused(answer), (Code::Unimplemented, "METHOD_UNKNOWN".to_owned()));
    }
    let (admitted, refusals) = edge.calls(&edge.via(edge.token()?, None), 5).await;
    assert_eq!(admitted, 2);
    assert!(refusals.iter().all(|status| limit(status) == ("address".to_owned(), Duration::from_millis(100))));
    assert!(is_limited(&call(&edge.via(Some("guess".to_owned()), None)).await.expect_err("nobody looks at it")));
    Ok(())
}

#[tokio::test]
async fn a_forged_address_does_not_help() -> anyhow::Result<()> {
    let rates = of_addresses(10, 5, &RateClock::stopped());
    let edge = Edge::start(rates.clone()).await?;
    let mut admitted = 0;
    for host in 0..20 {
        admitted += edge.calls(&edge.via(edge.token()?, Some(&format!("198.51.100.{host}"))), 1).await.0;
    }
    assert_eq!(admitted, 5, "without a proxy nobody is believed");

    let edge = Edge::start(behind_a_proxy(rates)).await?;
    admitted = 0;
    for host in 0..20 {
        admitted += edge.calls(&edge.via(edge.token()?, Some(&format!("198.51.100.{host}, 203.0.113.1"))), 1).await.0;
    }
    assert_eq!(admitted, 5, "what is left of the proxy's word is the caller's");
    assert_eq!(edge.calls(&edge.via(edge.token()?, Some("203.0.113.2")), 9).await.0, 5, "another address");
    assert_eq!(edge.calls(&edge.via(edge.token()?, Some("203.0.113.2, 127.0.0.9")), 1).await.0, 0, "through two proxies");
    Ok(())
}

#[tokio::test]
async fn a_network_of_version_6_is_one_address() -> anyhow::Result<()> {
    let edge = Edge::start(behind_a_proxy(of_addresses(10, 5, &RateClock::stopped()))).await?;
    let mut admitted = 0;
    for host in 0..20 {
        admitted += edge.calls(&edge.via(edge.token()?, Some(&format!("2001:db8::{host:x}:1"))), 1).await.0;
    }
    assert_eq!(admitted, 5);
    assert_eq!(edge.calls(&edge.via(edge.token()?, Some("2001:db8:0:1::1")), 9).await.0, 5);
    Ok(())
}

#[tokio::test]
async fn a_stream_counts_when_it_is_opened() -> anyhow::Result<()> {
    let edge = Edge::start(of_callers(10, 3, &RateClock::stopped())).await?;
    edge.world.slices[1].answer("LeaderboardService/WatchLeaderboard", always(WatchLeaderboardResponse::default()));
    let mut client = LeaderboardServiceClient::new(edge.via(edge.token()?, None));
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(client.watch_leaderboard(WatchLeaderboardRequest::default()).await?.into_inner());
    }
    assert_eq!(refused(client.watch_leaderboard(WatchLeaderboardRequest::default()).await).1, "RATE_LIMITED");
    for stream in &mut streams {
        while stream.message().await?.is_some() {}
    }
    assert_eq!(refused(client.watch_leaderboard(WatchLeaderboardRequest::default()).await).1, "RATE_LIMITED");

    let edge = Edge::start(of_addresses(10, 2, &RateClock::stopped())).await?;
    let mut reflection = ServerReflectionClient::new(edge.via(None, None));
    let list =
        ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) };
    let mut answers = reflection.server_reflection_info(futures::stream::iter(vec![list.clone(); 10])).await?.into_inner();
    let mut count = 0;
    while answers.message().await?.is_some() {
        count += 1;
    }
    assert_eq!(count, 10, "messages of an open stream are no calls");
    reflection.server_reflection_info(futures::stream::iter([list.clone()])).await?;
    assert_eq!(refused(reflection.server_reflection_info(futures::stream::iter([list])).await).1, "RATE_LIMITED");
    Ok(())
}

#[tokio::test]
async fn a_flood_of_addresses_shares_one_rate() -> anyhow::Result<()> {
    let clock = RateClock::stopped();
    let rates = RateOptions { rate_keys: NonZeroUsize::new(20).expect("a number"), ..of_addresses(10, 4, &clock) };
    let edge = Edge::start(behind_a_proxy(rates)).await?;
    let token = edge.token()?;
    let from = |host: u32| edge.via(token.clone(), Some(&format!("10.1.{}.{}", host / 256, host % 256)));
    let mut admitted = Vec::new();
    for host in 0..300 {
        admitted.push(edge.calls(&from(host), 1).await.0);
    }
    assert_eq!(admitted.iter().sum::<usize>(), 10 + 4, "ten are known, and the others are as one");
    assert_eq!(edge.calls(&from(3), 9).await.0, 3, "a known one has what it had");
    clock.advance(Duration::from_secs(1));
    assert_eq!(edge.calls(&from(299), 9).await.0, 4, "those whose rates are whole make room");
    Ok(())
}

/// The ratio of latencies depends on the machine, so it is only printed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_at_a_hundred_times_its_limit_costs_a_polite_one_nothing() -> anyhow::Result<()> {
    const RATE: u32 = 5;
    const BURST: u32 = 10;
    const ROUND: Duration = Duration::from_millis(1_500);
    let edge = Edge::start(of_callers(RATE, BURST, &RateClock::System)).await?;
    let (polite, noisy) = (edge.via(edge.token()?, None), edge.via(edge.token()?, None));
    // As often as it may, without its burst.
    let politely = async || -> Result<Duration, Status> {
        let (mut ticks, begun, mut took) = (interval(Duration::from_secs(1) / RATE), Instant::now(), Vec::new());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while begun.elapsed() < ROUND {
            ticks.tick().await;
            let call_begun = Instant::now();
            call(&polite).await?;
            took.push(call_begun.elapsed());
        }
        took.sort_unstable();
        Ok(took[took.len() / 2])
    };
    let noisily = async || {
        let (mut ticks, begun, mut calls, mut admitted) = (interval(Duration::from_secs(1) / RATE / 100), Instant::now(), 0, 0);
        while begun.elapsed() < ROUND {
            ticks.tick().await;
            calls += 1;
            admitted += u32::from(call(&noisy).await.is_ok());
        }
        (calls, admitted, begun.elapsed())
    };
    let alone = politely().await?;
    let (beside, (calls, admitted, took)) = tokio::join!(politely(), noisily());
    let beside = beside?;
    eprintln!("{calls} calls, {admitted} admitted; a polite call took {beside:?} beside them, {alone:?} alone");
    assert!(f64::from(admitted) <= f64::from(BURST) + f64::from(RATE) * took.as_secs_f64() + 1.0, "{admitted} in {took:?}");
    assert!(calls > 10 * admitted, "{admitted} of {calls}");
    Ok(())
}
