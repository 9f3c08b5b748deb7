//! What is a call of gRPC, and what is told to those who send something else: on the port of calls and on the admin port.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, StatusCode};
use orchard_testkit::probe::Probe;
use orchard_testkit::raw::{Ended, Raw, end, frame, framed};
use tokio::time::timeout;
use tonic::{Code, Request};

use crate::world::World;

const READ: &str = "/orchard.probe.v1.ProbeService/Read";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const SOON: Duration = Duration::from_secs(30);

async fn world() -> anyhow::Result<World> {
    World::start(Probe::new(|request: Request<String>| async { Ok(request.into_inner()) })).await
}

/// Both ports, each with a method.
fn ports(world: &World) -> [(SocketAddr, &'static str); 2] {
    [(world.running.address, READ), (world.running.admin_address, CHECK)]
}

/// Makes a request with an empty message.
async fn ask(raw: &Raw, method: Method, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Ended> {
    let mut head = raw.head(path, headers)?;
    *head.method_mut() = method;
    let (answer, mut message) = raw.request(head).await?;
    // A request may have been refused before its message came.
    let _ = message.send_data(frame(0, 0, b""), true);
    timeout(SOON, end(answer)).await?
}

#[tokio::test]
async fn only_grpc_with_protobuf_is_a_call() -> anyhow::Result<()> {
    let world = world().await?;
    for (address, path) in ports(&world) {
        let raw = Raw::open(address, &world.token).await?;
        for (content_type, status) in [
            ("application/grpc", StatusCode::OK),
            ("application/grpc+proto", StatusCode::OK),
            ("application/grpc;charset=utf-8", StatusCode::OK),
            ("", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/json", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/grpc-web+proto", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/grpc+json", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ] {
            let ended = ask(&raw, Method::POST, path, &[("content-type", content_type)]).await?;
            assert_eq!(ended.http, status, "{content_type} {path}");
            let code = (status == StatusCode::OK).then_some(Code::Ok);
            assert_eq!(ended.status().0, code, "{content_type} {path}");
        }
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
            let ended = ask(&raw, method.clone(), path, &[]).await?;
            assert_eq!((ended.http, ended.body), (StatusCode::METHOD_NOT_ALLOWED, 0), "{method} {path}");
            assert_eq!(ended.headers["allow"], "POST");
        }
    }
    Ok(())
}

#[tokio::test]
async fn encodings_and_timeouts_are_read_to_the_letter() -> anyhow::Result<()> {
    let world = world().await?;
    let malformed = (Some(Code::InvalidArgument), "TIMEOUT_MALFORMED");
    let unsupported = (Some(Code::Unimplemented), "ENCODING_UNSUPPORTED");
    let fine = (Some(Code::Ok), "");
    for (address, path) in ports(&world) {
        let raw = Raw::open(address, &world.token).await?;
        for (name, value, (code, reason)) in [
            ("grpc-encoding", "identity", fine),
            ("grpc-encoding", "snappy", unsupported),
            ("grpc-encoding", "gzip", unsupported),
            ("grpc-timeout", "99999999H", fine),
            ("grpc-timeout", "99999999S", fine),
            ("grpc-timeout", "20S", fine),
            ("grpc-timeout", "999999999S", malformed),
            ("grpc-timeout", "1", malformed),
            ("grpc-timeout", "S", malformed),
            ("grpc-timeout", "-1S", malformed),
            ("grpc-timeout", "1.5S", malformed),
            ("grpc-timeout", "1s", malformed),
        ] {
            let ended = ask(&raw, Method::POST, path, &[(name, value)]).await?;
            assert_eq!((ended.http, ended.status()), (StatusCode::OK, (code, reason.to_owned())), "{name}: {value} {path}");
            let accepts = ended.headers.get("grpc-accept-encoding");
            assert_eq!(accepts.is_some_and(|encodings| encodings == "identity"), code == unsupported.0, "{name}: {value} {path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_call_has_exactly_one_message() -> anyhow::Result<()> {
    let world = World::start(Probe::new(|request: Request<String>| async move {
        assert_eq!(request.get_ref(), "fine", "nothing else reaches a handler");
        Ok(request.into_inner())
    }))
    .await?;
    let raw = world.raw().await?;
    let fine = framed("fine");
    let message = &fine[5..];
    let malformed = (Some(Code::InvalidArgument), "MESSAGE_MALFORMED");
    for (name, sent, (code, reason)) in [
        ("one", fine.clone(), (Some(Code::Ok), "")),
        ("none", frame(0, 0, b"").slice(..0), malformed),
        ("two", [&fine[..], &fine].concat().into(), malformed),
        ("one and the header of another", [&fine[..], &[0; 5]].concat().into(), malformed),
        ("half a header", fine.slice(..3), malformed),
        ("a length that is too small", frame(0, message.len() - 1, message), malformed),
        ("a length that is too large", frame(0, message.len() + 1, message), malformed),
        ("the greatest length", frame(0, usize::MAX, message), malformed),
        ("a compressed message", frame(1, message.len(), message), malformed),
        ("an unknown flag", frame(2, message.len(), message), malformed),
        ("no protobuf", frame(0, 3, &[0xff; 3]), malformed),
        ("text that is not UTF-8", frame(0, 3, &[0x0a, 1, 0xff]), malformed),
        (
            "far too many fields",
            frame(0, 40_000, &[0x7a, 0].repeat(20_000)),
            (Some(Code::ResourceExhausted), "MESSAGE_TOO_LARGE"),
        ),
        ("a fine one again", fine.clone(), (Some(Code::Ok), "")),
    ] {
        for parts in [1, 3] {
            let (answer, mut body) = raw.begin("Read", &[]).await?;
            let size = sent.len().div_ceil(parts).max(1);
            for part in sent.chunks(size) {
                body.send_data(part.to_vec().into(), false)?;
            }
            body.send_data(sent.slice(..0), true)?;
            let ended = timeout(SOON, end(answer)).await??;
            assert_eq!(ended.status(), (code, reason.to_owned()), "{name}, in {parts} parts");
        }
    }
    Ok(())
}

#[tokio::test]
async fn large_headers_are_refused_with_a_status() -> anyhow::Result<()> {
    let world = world().await?;
    for (address, path) in ports(&world) {
        let raw = Raw::open(address, &world.token).await?;
        let ended = ask(&raw, Method::POST, path, &[("x-large", &"x".repeat(30 * 1024))]).await?;
        assert_eq!(ended.status().0, Some(Code::Ok), "{path}");
        for size in [33, 50] {
            let ended = ask(&raw, Method::POST, path, &[("x-large", &"x".repeat(size * 1024))]).await?;
            assert_eq!(ended.status(), (Some(Code::ResourceExhausted), "METADATA_TOO_LARGE".to_owned()), "{size} {path}");
        }
    }
    Ok(())
}
