use std::time::Duration;

use anyhow::Context as _;
use futures::future::try_join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};
use tonic::Request;

use crate::world::{World, read};
use orchard_testkit::certificates::Authority;
use orchard_testkit::folder::Folder;
use orchard_testkit::neighbours::{Frames, Target};
use orchard_testkit::probe::Probe;
use orchard_testkit::raw::framed;

const SHORT: Duration = Duration::from_millis(300);
/// Time limit of everything here that must end.
const SOON: Duration = Duration::from_secs(30);
/// The memory by which an attack may make this process grow, including the attacker's own.
const BOUND: usize = 64 * 1024 * 1024;

fn echo() -> Probe {
    Probe::new(|request: Request<String>| async { Ok(request.into_inner()) })
}

/// Returns this process's resident memory.
fn resident() -> anyhow::Result<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split(' ').nth(1).context("resident pages")?.parse()?;
    Ok(pages * rustix::param::page_size())
}

/// Waits until the server has closed the connection.
async fn closed(mut tcp: TcpStream) -> anyhow::Result<()> {
    let mut rest = Vec::new();
    match timeout(SOON, tcp.read_to_end(&mut rest)).await? {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[tokio::test]
async fn silent_connections_are_closed_and_calls_go_on() -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let world = World::with(echo(), |limits| limits.handshake_limit = Duration::from_secs(2)).await?;
    let before = resident()?;
    let mut silent = Vec::new();
    // Fewer at a time than the kernel queues: the server never sees connections that the kernel drops.
    for _ in 0..20 {
        silent.extend(try_join_all((0..100).map(|_| TcpStream::connect(world.running.address))).await?);
        assert_eq!(timeout(SOON, world.read("among them")).await??, "among them");
    }
    assert!(resident()?.saturating_sub(before) < BOUND);
    try_join_all(silent.into_iter().map(closed)).await?;
    Ok(())
}

#[tokio::test]
async fn a_silent_connection_makes_room_for_a_new_one() -> anyhow::Result<()> {
    let world = World::with(echo(), |limits| limits.max_connections = 20).await?;
    let mut silent = try_join_all((0..20).map(|_| TcpStream::connect(world.running.address))).await?;
    let mut client = world.client()?;
    assert_eq!(timeout(SOON, read(&mut client, "one more")).await??, "one more");
    closed(silent.remove(0)).await?;
    assert_eq!(read(&mut client, "still there").await?, "still there");
    Ok(())
}

#[tokio::test]
async fn only_http2_is_served() -> anyhow::Result<()> {
    let world = World::start(echo()).await?;
    let mut tcp = TcpStream::connect(world.running.address).await?;
    tcp.write_all(b"GET / HTTP/1.1\r\nhost: orchard\r\n\r\n").await?;
    closed(tcp).await
}

/// Tests a TLS handshake that never ends, and connections that do not speak TLS.
#[tokio::test]
async fn a_connection_is_closed_at_the_handshake_limit() -> anyhow::Result<()> {
    let (authority, files) = (Authority::new()?, Folder::new()?);
    let certificate = authority.issue(&["localhost"])?;
    let (cert, key) = (files.put("cert.pem", &certificate.cert_pem)?, files.put("key.pem", &certificate.key_pem)?);
    let world = World::configured(echo(), |options| {
        options.limits.handshake_limit = SHORT;
        options.tls.tls_cert_file = Some(cert);
        options.tls.tls_key_file = Some(key);
    })
    .await?;
    // First: the header of a TLS record of a handshake, and nothing more.
    for sent in [&b"\x16\x03\x01\x02\x00\x01"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""] {
        let mut tcp = TcpStream::connect(world.running.address).await?;
        tcp.write_all(sent).await?;
        closed(tcp).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_that_sends_a_header_byte_by_byte_is_closed() -> anyhow::Result<()> {
    let world = World::with(echo(), |limits| limits.keep_alive = SHORT).await?;
    let mut tcp = TcpStream::connect(world.running.address).await?;
    tcp.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
    // Empty SETTINGS, then HEADERS of 10,000 bytes on stream 1 without END_HEADERS.
    tcp.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
    tcp.write_all(&[0, 0x27, 0x10, 1, 0, 0, 0, 0, 1]).await?;
    let mut pace = interval(Duration::from_millis(20));
    let trickle = async {
        // Each byte from 0x80 on is an indexed header.
        while tcp.write_all(&[0x82]).await.is_ok() {
            pace.tick().await;
        }
    };
    timeout(SOON, trickle).await.context("the connection stays open")?;
    assert_eq!(world.read("meanwhile").await?, "meanwhile");
    Ok(())
}

#[tokio::test]
async fn a_peer_that_does_not_answer_pings_is_disconnected() -> anyhow::Result<()> {
    let world = World::with(echo(), |limits| limits.keep_alive = SHORT).await?;
    let mut tcp = TcpStream::connect(world.running.address).await?;
    tcp.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
    tcp.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
    closed(tcp).await?;
    // A peer that answers pings stays connected, as ordinary clients do.
    let idle = world.raw().await?;
    let mut other = world.client()?;
    let mut pace = interval(SHORT);
    for _ in 0..6 {
        pace.tick().await;
        read(&mut other, "beside it").await?;
    }
    assert_eq!(idle.call("Read", "still there", "5S").await?.0, Some(tonic::Code::Ok));
    Ok(())
}

#[tokio::test]
async fn rapid_resets_affect_at_most_their_own_connection() -> anyhow::Result<()> {
    let world = World::start(echo()).await?;
    let mut client = world.client()?;
    read(&mut client, "before").await?;
    let before = resident()?;
    let raw = world.raw().await?;
    for count in 0..20_000 {
        let Ok((_answer, mut call)) = raw.begin("Read", &[]).await else { break };
        call.send_reset(h2::Reason::CANCEL);
        if count % 1_000 == 0 {
            assert_eq!(timeout(SOON, read(&mut client, "beside them")).await??, "beside them");
        }
    }
    assert_eq!(read(&mut client, "after").await?, "after");
    assert!(resident()?.saturating_sub(before) < BOUND);
    Ok(())
}

#[tokio::test]
async fn endless_headers_are_refused_and_other_calls_go_on() -> anyhow::Result<()> {
    let world = World::start(echo()).await?;
    let raw = world.raw().await?;
    let huge = "x".repeat(200 * 1024);
    if let Ok((answer, _message)) = raw.begin("Read", &[("x-huge", &huge)]).await
        && let Ok(answer) = timeout(SOON, answer).await?
    {
        assert_eq!(answer.status(), http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    assert_eq!(world.read("beside it").await?, "beside it");

    // CONTINUATION frames without END_HEADERS.
    let mut tcp = TcpStream::connect(world.running.address).await?;
    tcp.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
    tcp.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
    tcp.write_all(&[0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]).await?;
    let more = [[0, 0x10, 0, 9, 0, 0, 0, 0, 1].as_slice(), &[0x82; 4_096]].concat();
    let flood = async { while tcp.write_all(&more).await.is_ok() {} };
    let before = resident()?;
    timeout(SOON, flood).await.context("the flood goes on")?;
    assert!(resident()?.saturating_sub(before) < BOUND);
    assert_eq!(world.read("beside it").await?, "beside it");
    Ok(())
}

/// Each frame of one byte would otherwise keep the whole buffer that it was read into.
#[tokio::test]
async fn tiny_frames_take_no_more_memory_than_their_bytes() -> anyhow::Result<()> {
    let world = World::start(echo()).await?;
    let target = Target::new(world.running.address, world.token.clone(), "/orchard.probe.v1.ProbeService/Read", "", framed(""));
    let before = resident()?;
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut frames = Frames::begin(TcpStream::connect(world.running.address).await?).await?;
        frames.call(1, &target).await?;
        frames.tiny(1, 4_500).await?;
        open.push(frames);
        assert_eq!(world.read("beside them").await?, "beside them");
    }
    let grown = resident()?.saturating_sub(before);
    assert!(grown < BOUND, "{grown}");
    Ok(())
}

#[tokio::test]
async fn a_crowd_of_one_address_does_not_keep_others_out() -> anyhow::Result<()> {
    let world = World::with(echo(), |limits| (limits.max_connections, limits.address_share) = (20, 25)).await?;
    let mut client = world.client()?;
    read(&mut client, "first").await?;
    let target = Target::new(world.running.address, world.other_token()?, "", "", framed(""));
    let mut crowd = Vec::new();
    for _ in 0..40 {
        // Each connection has had a call, and answers pings.
        let raw = target.connect().await?;
        assert_eq!(raw.call("Read", "let me in", "5S").await?.0, Some(tonic::Code::Ok));
        crowd.push(raw);
    }
    assert_eq!(read(&mut client, "still there").await?, "still there");
    for _ in 0..10 {
        assert_eq!(world.read("a newcomer").await?, "a newcomer");
    }
    Ok(())
}
