use std::time::Duration;

use futures::FutureExt as _;
use orchard_server::LIVENESS;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::probe::Probe;
use orchard_testkit::scrape::{Metrics, get};
use orchard_testkit::service::{Running, channel, healthy, options};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::Request;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Told;
use tonic_health::pb::health_client::HealthClient;

use crate::world::World;

const SOON: Duration = Duration::from_secs(30);

async fn world() -> anyhow::Result<World> {
    let probe = Probe::new(|request: Request<String>| async { Ok(request.into_inner()) });
    World::with(probe, |limits| limits.handshake_limit = Duration::from_millis(300)).await
}

#[tokio::test]
async fn health_and_metrics_share_a_port() -> anyhow::Result<()> {
    let world = world().await?;
    let admin = world.running.admin_address;
    healthy(admin, ServingStatus::Serving).await?;
    assert!(Metrics::of(admin).await?.text().contains("# TYPE orchard_server_active_calls gauge"));
    let answer = get(admin, "/metrics").await?;
    assert!(answer.contains("content-type: text/plain; version=0.0.4") && answer.contains("connection: close"), "{answer}");
    assert!(get(admin, "/other").await?.starts_with("HTTP/1.1 "), "an answer all the same");

    // The same over HTTP/2.
    let (mut send, connection) = h2::client::handshake(TcpStream::connect(admin).await?).await?;
    let _driver = tokio::task::JoinSet::from_iter([connection]);
    let request = http::Request::get(format!("http://{admin}/metrics")).body(())?;
    let answer = send.send_request(request, true)?.0.await?;
    assert_eq!(answer.status(), http::StatusCode::OK);

    // Calls' port has no such thing.
    assert_eq!(get(world.running.address, "/metrics").await.unwrap_or_default(), "", "closed without a word");
    Ok(())
}

/// Or else what waits for its database would be killed for it, over and over.
#[tokio::test]
async fn what_is_not_ready_is_alive() -> anyhow::Result<()> {
    let keys = DevKeys::ephemeral()?;
    let mut server = Probe::new(|request: Request<String>| async { Ok(request.into_inner()) }).server();
    server.readiness = Box::new(|| async { anyhow::bail!("no database") }.boxed());
    let running = Running::launch(server, &options(&keys)).await?;
    running.wait_for(ServingStatus::NotServing).await?;
    let mut client = HealthClient::new(channel(running.admin_address)?);
    let answer = client.check(HealthCheckRequest { service: LIVENESS.to_owned() }).await?.into_inner();
    assert_eq!(answer.status(), Told::Serving);
    let answer = client.check(HealthCheckRequest::default()).await?.into_inner();
    assert_eq!(answer.status(), Told::NotServing);
    running.stop().await
}

#[tokio::test]
async fn rubbish_on_the_admin_port_harms_nothing() -> anyhow::Result<()> {
    let world = world().await?;
    let admin = world.running.admin_address;
    let long = format!("GET /metrics HTTP/1.1\r\nx-long: {}\r\n\r\n", "x".repeat(200_000));
    let said: [&[u8]; 8] = [
        b"",
        b"G",
        b"PRI * HTTP/2.0",
        b"GET /metrics HTTP/1.1\r\nhost: half",
        b"\x16\x03\x01\x02\x00\x01",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nabc",
        long.as_bytes(),
    ];
    let mut open = Vec::new();
    for said in said {
        let mut tcp = TcpStream::connect(admin).await?;
        // It may be closed in mid-sentence.
        let _ = tcp.write_all(said).await;
        open.push(tcp);
    }
    healthy(admin, ServingStatus::Serving).await?;
    Metrics::of(admin).await?;
    assert_eq!(world.read("meanwhile").await?, "meanwhile");
    for mut tcp in open {
        let mut rest = Vec::new();
        let _ = timeout(SOON, tcp.read_to_end(&mut rest)).await?;
    }
    Metrics::of(admin).await?;
    Ok(())
}
