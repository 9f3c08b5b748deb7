//! Calls of pages in browsers, in gRPC-Web.

use std::time::Duration;

use http_body_util::BodyExt as _;
use orchard_proto::edge::v1 as pb;
use orchard_proto::family::v1::{ListPlansRequest, ListPlansResponse};
use orchard_proto::social::v1 as social;
use orchard_rpc::Refusal;
use orchard_server::{RateClock, RateOptions, WebOptions};
use orchard_testkit::browser::{Browser, read};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::unlimited;
use prost::Message as _;
use tonic::Code;
use tonic_reflection::pb::v1 as reflection;

use crate::answers::{always, refuses};
use crate::stub::Fault;
use crate::world::World;

const PAGE: &str = "https://app.example";
const LIST: &str = "/orchard.family.v1.PlanService/ListPlans";
const PROFILE_PAGE: &str = "/orchard.edge.v1.EdgeService/GetProfilePage";
const WATCH: &str = "/orchard.social.v1.LeaderboardService/WatchLeaderboard";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

async fn world(rates: RateOptions) -> anyhow::Result<World> {
    let web = WebOptions { web_listen: Some("127.0.0.1:0".parse()?), web_origins: vec![PAGE.parse()?] };
    World::configured(&DevKeys::ephemeral()?, 1, Duration::ZERO, rates, web).await
}

async fn page(world: &World) -> anyhow::Result<Browser> {
    stranger(world, PAGE, &world.token).await
}

async fn stranger(world: &World, origin: &str, token: &str) -> anyhow::Result<Browser> {
    Browser::open(world.edge.web_address.expect("a port for browsers"), origin, token).await
}

fn nothing() -> Vec<Vec<u8>> {
    vec![Vec::new()]
}

#[tokio::test]
async fn a_page_calls_methods_of_slices_and_of_the_edge() -> anyhow::Result<()> {
    let world = world(unlimited()).await?;
    let mut page = page(&world).await?;
    let request = ListPlansRequest { page_size: 7, ..Default::default() }.encode_to_vec();
    // Spaces, parameters and what asks for text make no difference; so do headers of the connection.
    let hop =
        [("content-type", "application/grpc-web; a=b"), ("accept", "application/grpc-web-text"), ("connection", "keep-alive")];
    for headers in [&[][..], &hop] {
        let answer = page.call(LIST, std::slice::from_ref(&request), headers).await?;
        assert_eq!(answer.refused(), Some((Code::Ok, String::new())), "{answer:?}");
        assert_eq!(answer.messages.len(), 1);
        assert!(!ListPlansResponse::decode(answer.messages[0].clone())?.plans.is_empty());
        assert_eq!(answer.headers["content-type"], "application/grpc-web+proto");
        assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
        let exposed = answer.headers["access-control-expose-headers"].to_str()?;
        assert!(
            ["grpc-status", "grpc-message", "grpc-status-details-bin"].iter().all(|name| exposed.contains(name)),
            "{exposed}"
        );
    }
    let calls = world.calls();
    assert!(calls.len() == 2 && calls.iter().all(|call| call.request == request), "undecoded: {calls:?}");
    assert!(calls.iter().all(|call| call.headers["authorization"] == format!("Bearer {}", world.token)));

    let answer = page.call("/orchard.edge.v1.EdgeService/GetReferralOverview", &nothing(), &[]).await?;
    assert!(pb::GetReferralOverviewResponse::decode(answer.messages[0].clone())?.overview.is_some());
    Ok(())
}

#[tokio::test]
async fn errors_have_their_details() -> anyhow::Result<()> {
    let world = world(unlimited()).await?;
    let mut page = page(&world).await?;
    let request = pb::GetProfilePageRequest { user_id: crate::data::id(2).to_string() }.encode_to_vec();
    let missing = || Refusal::new(Code::NotFound, social::ErrorReason::ProfileNotFound, "no").into_status("orchard.social");
    world.slices[1].answer("ProfileService/GetProfile", refuses(missing));
    let answer = page.call(PROFILE_PAGE, &[request], &[]).await?;
    assert_eq!(answer.refused(), Some((Code::NotFound, "PROFILE_NOT_FOUND".to_owned())));
    let answer = page.call("/orchard.family.v1.WalletService/Deposit", &nothing(), &[]).await?;
    assert_eq!(answer.refused(), Some((Code::Unimplemented, "METHOD_UNKNOWN".to_owned())), "only services may call it");
    let answer = page.call(LIST, &[Vec::new(), Vec::new()], &[]).await?;
    assert_eq!(answer.refused(), Some((Code::InvalidArgument, "MESSAGE_MALFORMED".to_owned())));
    let answer = page.call(LIST, &[vec![0; 2 << 20]], &[]).await?;
    assert_eq!(answer.refused(), Some((Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned())));

    let mut anonymous = stranger(&world, PAGE, "").await?;
    let answer = anonymous.call(LIST, &nothing(), &[]).await?;
    assert_eq!(answer.refused(), Some((Code::Unauthenticated, "TOKEN_MISSING".to_owned())));
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE, "the page may read why");
    Ok(())
}

#[tokio::test]
async fn streams_end_with_trailers_however_they_end() -> anyhow::Result<()> {
    let mut world = world(unlimited()).await?;
    let mut page = page(&world).await?;
    let list = reflection::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(reflection::server_reflection_request::MessageRequest::ListServices(String::new())),
    };
    let answer = page.call(REFLECTION, &vec![list.encode_to_vec(); 3], &[]).await?;
    assert_eq!((answer.messages.len(), answer.refused()), (3, Some((Code::Ok, String::new()))));

    world.slices[1].answer("LeaderboardService/WatchLeaderboard", always(social::WatchLeaderboardResponse::default()));
    let answer = page.call(WATCH, &nothing(), &[]).await?;
    assert_eq!((answer.messages.len(), answer.refused()), (1, Some((Code::Ok, String::new()))));
    world.slices[1].fail(Fault::Endless).await;
    let mut stream = page.begin(WATCH, &nothing(), &[]).await?;
    assert!(stream.frame().await.is_some_and(|frame| frame.is_ok()), "a message");
    world.slices[1].fail(Fault::Killed).await;
    let answer = read(stream).await?;
    assert_eq!(answer.refused(), Some((Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned())), "{answer:?}");
    Ok(())
}

#[tokio::test]
async fn only_pages_of_configured_origins_may_call() -> anyhow::Result<()> {
    let world = world(unlimited()).await?;
    for origin in ["https://evil.example", "https://app.example:444", "http://app.example", "null"] {
        let mut page = stranger(&world, origin, &world.token).await?;
        let answer = page.call(LIST, &nothing(), &[]).await?;
        assert_eq!(answer.http, 403, "{origin}");
        let preflight = page.preflight(LIST, "content-type").await?;
        assert_eq!(preflight.status(), 403, "{origin}");
        assert!(!preflight.headers().contains_key("access-control-allow-origin"), "{origin}");
    }
    assert!(world.calls().is_empty());
    // What is no page has no origin.
    let answer = stranger(&world, "", &world.token).await?.call(LIST, &nothing(), &[]).await?;
    assert_eq!(answer.refused(), Some((Code::Ok, String::new())));

    let asked = "authorization, content-type, grpc-timeout, x-grpc-web, x-request-id, x-user-agent";
    let preflight = stranger(&world, PAGE, "").await?.preflight(LIST, asked).await?;
    assert_eq!((preflight.status().as_u16(), preflight.headers()["access-control-allow-origin"].to_str()?), (200, PAGE));
    let allowed = preflight.headers()["access-control-allow-headers"].to_str()?;
    assert!(asked.split(", ").all(|name| allowed.contains(name)), "{allowed}");
    assert_eq!(preflight.headers()["access-control-allow-methods"], "POST");
    assert!(!preflight.headers().contains_key("access-control-allow-credentials"), "tokens are no cookies");
    Ok(())
}

#[tokio::test]
async fn only_grpc_web_in_binary_is_served() -> anyhow::Result<()> {
    let world = world(unlimited()).await?;
    let mut page = page(&world).await?;
    let text =
        ["application/grpc-web-text", "application/grpc-web-text+proto", "application/grpc", "application/json", "text/plain"];
    for content in text {
        assert_eq!(page.call(LIST, &nothing(), &[("content-type", content)]).await?.http, 415, "{content}");
    }
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let request = http::Request::builder().method(method).uri(LIST).body(Default::default())?;
        let answer = page.send(request).await?;
        assert_eq!((answer.status().as_u16(), answer.headers()["allow"].to_str()?), (405, "POST"), "{method}");
    }
    assert!(world.calls().is_empty());
    Ok(())
}

#[tokio::test]
async fn the_page_runs_only_its_own_files() -> anyhow::Result<()> {
    let world = world(unlimited()).await?;
    let mut browser = stranger(&world, "", "").await?;
    let html = include_str!("../../page/index.html");
    for (path, content) in [("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css")] {
        let answer = browser.send(http::Request::get(path).body(Default::default())?).await?;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers()["content-type"].to_str()?.starts_with(content), "{path}");
        let policy = answer.headers()["content-security-policy"].to_str()?;
        assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        let body = answer.into_body().collect().await?.to_bytes();
        assert_eq!(body == html.as_bytes(), path == "/");
        assert!(path == "/" || html.contains(&path[1..]), "the page has it");
        let post = browser.send(http::Request::post(path).body(Default::default())?).await?;
        assert_eq!(post.status(), 405, "{path}");
    }
    // The policy would keep them from being run.
    assert!(!html.contains("<script>") && !html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick="));
    Ok(())
}

#[tokio::test]
async fn rates_hold_at_both_ports_together() -> anyhow::Result<()> {
    let number = |n| std::num::NonZeroU32::new(n).expect("a number");
    let (caller_rate, caller_burst) = (number(10), number(3));
    let world = world(RateOptions { caller_rate, caller_burst, clock: RateClock::stopped(), ..unlimited() }).await?;
    let mut page = page(&world).await?;
    for _ in 0..2 {
        assert_eq!(page.call(LIST, &nothing(), &[]).await?.refused(), Some((Code::Ok, String::new())));
    }
    world.client().get_referral_overview(pb::GetReferralOverviewRequest {}).await?;
    let limited = Some((Code::ResourceExhausted, "RATE_LIMITED".to_owned()));
    assert_eq!(page.call(LIST, &nothing(), &[]).await?.refused(), limited);
    Ok(())
}
