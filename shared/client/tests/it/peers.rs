//! Peers that answer with garbage: nothing panics, the caller is told in time, and only a peer's own faults open its circuit breaker.

use std::time::Duration;

use anyhow::Context as _;
use futures::future::try_join_all;
use h2::Reason;
use http::HeaderMap;
use orchard_rpc::{Deadline, status};
use orchard_testkit::answer::refusal;
use orchard_testkit::peer::{Open, Peer, grpc, headers, headers_only, whole};
use orchard_testkit::probe::pb::WatchRequest;
use tokio::time::timeout;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::world::{Client, World, read, write};

type Acted = Result<Option<Open>, h2::Error>;

/// Whose fault an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The peer's: its circuit breaker opens.
    Own,
    /// Not certainly the peer's.
    NotOwn,
    /// One or the other, depending on what arrives first.
    Either,
    /// Nobody's, and there is no answer before the deadline.
    Late,
}
use Fault::{Either, Late, NotOwn, Own};

enum Does {
    Act(fn(Open) -> Acted),
    Reset(Reason),
    ResetLate(Reason),
    Http(u16),
    Say(&'static [u8]),
}
use Does::{Act, Http, Reset, ResetLate, Say};

const OK: &[u8] = &[0, 0, 0, 0, 0];
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// After SETTINGS, GOAWAY with the last processed stream, none, and a code.
const GO_AWAY: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const CALM: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11];
const GO_AWAY_FAULT: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
/// After SETTINGS, half of HEADERS of the first stream.
const HALF_A_FRAME: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 100, 1, 4, 0, 0, 0, 1, 0x88];

/// Answers with a status in the trailers.
fn ends(call: Open, entries: &[(&'static str, &str)]) -> Acted {
    whole(call, OK, headers(entries))
}

/// Answers with a status in the headers.
fn refuses(call: Open, entries: &[(&'static str, &str)]) -> Acted {
    let mut all = grpc();
    all.extend(headers(entries));
    headers_only(call, 200, all)
}

fn begins(mut call: Open) -> Result<(h2::SendStream<bytes::Bytes>, Open), h2::Error> {
    let mut response = http::Response::new(());
    *response.headers_mut() = grpc();
    Ok((call.send_response(response, false)?, call))
}

fn unavailable(delay: Option<Duration>) -> HeaderMap {
    let mut details = ErrorDetails::with_error_info("ANY", "orchard.probe", [("k".to_owned(), "v".to_owned())]);
    details.set_retry_info(delay);
    status::trailers(&Status::with_error_details(Code::Unavailable, "", details))
}

fn garbage() -> Vec<(String, Does, Fault)> {
    let named = |name: &str, does, fault| (name.to_owned(), does, fault);
    let mut all = vec![
        named(
            "details that are not base64",
            Act(|call| refuses(call, &[("grpc-status", "9"), ("grpc-status-details-bin", "%%%")])),
            NotOwn,
        ),
        named("such trailers", Act(|call| ends(call, &[("grpc-status", "9"), ("grpc-status-details-bin", "%%%")])), NotOwn),
        named(
            "such trailers of a good answer",
            Act(|call| ends(call, &[("grpc-status", "0"), ("grpc-status-details-bin", "A")])),
            NotOwn,
        ),
        named("a message that is not UTF-8", Act(|call| ends(call, &[("grpc-status", "9"), ("grpc-message", "%FF")])), NotOwn),
        named("code 99", Act(|call| ends(call, &[("grpc-status", "99")])), NotOwn),
        named("an empty code", Act(|call| refuses(call, &[("grpc-status", "")])), NotOwn),
        named("no status", Act(|call| ends(call, &[("x-some", "thing")])), NotOwn),
        named("nothing but headers", Act(|call| headers_only(call, 200, grpc())), NotOwn),
        named("another content type", Act(|call| headers_only(call, 200, headers(&[("content-type", "text/html")]))), NotOwn),
        named("no content type", Act(|call| headers_only(call, 200, HeaderMap::new())), NotOwn),
        named("no message", Act(|call| whole(call, b"", headers(&[("grpc-status", "0")]))), NotOwn),
        named("two messages", Act(|call| whole(call, &[0; 10], headers(&[("grpc-status", "0")]))), NotOwn),
        named(
            "a message of 4 GiB",
            Act(|call| whole(call, &[0, 255, 255, 255, 255, 1], headers(&[("grpc-status", "0")]))),
            NotOwn,
        ),
        named("half a message", Act(|call| whole(call, &[0, 0, 0, 0, 9, 1], headers(&[("grpc-status", "0")]))), NotOwn),
        named("an unknown flag", Act(|call| whole(call, &[7, 0, 0, 0, 0], headers(&[("grpc-status", "0")]))), NotOwn),
        named(
            "headers of 70 KB",
            Act(|call| refuses(call, &[("grpc-status", "9"), ("grpc-message", &"x".repeat(70_000))])),
            NotOwn,
        ),
        named("its own UNAVAILABLE", Act(|call| whole(call, OK, unavailable(None))), Own),
        named("a wait of 10,000 years", Act(|call| whole(call, OK, unavailable(Some(Duration::MAX)))), Own),
        named("no answer", Act(|call| Ok(Some(call))), Late),
        named("the beginning of an answer", Act(|call| Ok(Some(begins(call)?.1))), Late),
        named("an end", Say(b""), Own),
        named("HTTP/1.1", Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Own),
        named("an alert of TLS", Say(&[21, 3, 3, 0, 2, 2, 70]), Own),
        named("half a frame", Say(HALF_A_FRAME), Own),
        named("SETTINGS and an end", Say(SETTINGS), Own),
        named("an orderly GOAWAY", Say(GO_AWAY), Either),
        named("GOAWAY because of too many resets", Say(CALM), Either),
        named("GOAWAY after a fault", Say(GO_AWAY_FAULT), Own),
    ];
    for status in [302, 400, 401, 403, 404, 413, 415, 429, 431, 499] {
        all.push((format!("HTTP {status}"), Http(status), NotOwn));
    }
    for status in [500, 502, 503, 504] {
        all.push((format!("HTTP {status}"), Http(status), Own));
    }
    for code in 0..=14 {
        let reason = Reason::from(code);
        let own = [Reason::INTERNAL_ERROR, Reason::CONNECT_ERROR, Reason::HTTP_1_1_REQUIRED, Reason::INADEQUATE_SECURITY];
        let fault = if own.contains(&reason) { Own } else { NotOwn };
        all.push((format!("a reset with {reason:?}"), Reset(reason), fault));
        all.push((format!("a late reset with {reason:?}"), ResetLate(reason), fault));
    }
    all
}

impl Does {
    async fn start(self) -> anyhow::Result<Peer> {
        match self {
            Act(act) => Peer::answering(move |_, call| act(call)).await,
            Say(bytes) => Peer::saying(bytes).await,
            Http(status) => Peer::answering(move |_, call| headers_only(call, status, HeaderMap::new())).await,
            Reset(reason) => {
                let reset = move |_, mut call: Open| {
                    call.send_reset(reason);
                    Ok(None)
                };
                Peer::answering(reset).await
            }
            ResetLate(reason) => {
                let reset = move |_, call| {
                    let (mut stream, _) = begins(call)?;
                    stream.send_data(bytes::Bytes::from_static(&[0, 0, 0]), false)?;
                    stream.send_reset(reason);
                    Ok(None)
                };
                Peer::answering(reset).await
            }
        }
    }
}

/// Returns whether a call is refused without reaching the peer, because the circuit breaker is open.
async fn is_refused_unseen(client: &Client, peer: &Peer) -> bool {
    let before = peer.count();
    let status = Deadline::after(Duration::from_millis(200)).scope(write(client, "")).await.expect_err("garbage");
    peer.count() == before && status.code() == Code::Unavailable && status.get_details_retry_info().is_some()
}

async fn try_out(world: &World, name: &str, does: Does, fault: Fault) -> anyhow::Result<()> {
    let peer = does.start().await?;
    let client = world.client(&[peer.address])?;
    let limit = Duration::from_millis(if fault == Late { 100 } else { 60_000 });
    for _ in 0..14 {
        let deadline = Deadline::after(limit);
        let status = deadline.scope(write(&client, "")).await.expect_err(name);
        assert_ne!(refusal(&status).reason, "", "{name}: {status:?}");
        assert_eq!(status.code() == Code::DeadlineExceeded, fault == Late, "{name}: {status:?}");
    }
    match fault {
        Own => {
            let opens = async { while !is_refused_unseen(&client, &peer).await {} };
            timeout(Duration::from_secs(60), opens).await.with_context(|| format!("{name}: the breaker does not open"))?;
        }
        NotOwn | Late => assert!(!is_refused_unseen(&client, &peer).await, "{name}"),
        Either => {}
    }

    let client = world.client(&[peer.address])?;
    let status = Deadline::after(limit).scope(read(&client, "")).await.expect_err(name);
    assert_ne!(refusal(&status).reason, "", "{name}: {status:?}");
    let watch = async {
        let mut texts = client.clone().watch(WatchRequest::default()).await?.into_inner();
        while texts.message().await?.is_some() {}
        Ok::<_, Status>(())
    };
    // A stream may have begun before its answer turns out to be garbage.
    let _ended = Deadline::after(limit).scope(watch).await;
    Ok(())
}

#[tokio::test]
async fn whatever_a_peer_answers_its_callers_are_told_and_only_its_own_faults_are_held_against_it() -> anyhow::Result<()> {
    let world = World::new()?;
    let tried = garbage().into_iter().map(|(name, does, fault)| {
        let world = &world;
        async move { try_out(world, &name, does, fault).await }
    });
    try_join_all(tried).await?;
    Ok(())
}

#[tokio::test]
async fn http_refusals_have_the_code_that_grpc_says_and_are_not_repeated() -> anyhow::Result<()> {
    let world = World::new()?;
    let table = [
        (400, Code::Internal, "INTERNAL", 1),
        (401, Code::Unauthenticated, "TOKEN_INVALID", 1),
        (403, Code::PermissionDenied, "CALLER_NOT_ADMITTED", 1),
        (404, Code::Unimplemented, "METHOD_UNKNOWN", 1),
        (413, Code::ResourceExhausted, "MESSAGE_TOO_LARGE", 1),
        (429, Code::Unavailable, "UPSTREAM_UNAVAILABLE", 1),
        (431, Code::ResourceExhausted, "METADATA_TOO_LARGE", 1),
        (503, Code::Unavailable, "UPSTREAM_UNAVAILABLE", 3),
    ];
    for (http, code, reason, attempts) in table {
        let peer = Http(http).start().await?;
        let client = world.client(&[peer.address])?;
        let refused = refusal(&read(&client, "").await.expect_err("refused"));
        assert_eq!((refused.code, refused.reason.as_str(), peer.count()), (code, reason, attempts), "{http}");
    }
    Ok(())
}
