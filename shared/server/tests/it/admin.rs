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
use tonic_health::pb::health_check_response::ServingStatus as Answer;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest as Ask;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse as Told;

use crate::world::World;

const SOON: Duration = Duration::from_secs(30);
const CHECK: &str = "/grpc.health.v1.Health/Check";

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
    for path in ["/", "/other", "/healthz/", "/metrics/x", "/orchard.probe.v1.ProbeService/Read"] {
        assert!(get(admin, path).await?.starts_with("HTTP/1.1 404 "), "{path}");
    }
    assert!(get(admin, CHECK).await?.starts_with("HTTP/1.1 405 "), "a call is no GET");

    // The same over HTTP/2.
    let (mut send, connection) = h2::client::handshake(TcpStream::connect(admin).await?).await?;
    let _driver = tokio::task::JoinSet::from_iter([connection]);
    let request = http::Request::get(format!("http://{admin}/metrics")).body(())?;
    let answer = send.send_request(request, true)?.0.await?;
    assert_eq!(answer.status(), http::StatusCode::OK);

    // The port of calls does not serve metrics.
    assert_eq!(get(world.running.address, "/metrics").await.unwrap_or_default(), "", "closed without an answer");
    Ok(())
}

/// Otherwise a service that waits for its database would be restarted over and over.
#[tokio::test]
async fn a_service_that_is_not_ready_is_alive() -> anyhow::Result<()> {
    let keys = DevKeys::ephemeral()?;
    let mut server = Probe::new(|request: Request<String>| async { Ok(request.into_inner()) }).server();
    server.readiness = Box::new(|| async { anyhow::bail!("no database") }.boxed());
    let running = Running::launch(server, &options(&keys)).await?;
    running.wait_for(ServingStatus::NotServing).await?;
    let mut client = HealthClient::new(channel(running.admin_address)?);
    let answer = client.check(HealthCheckRequest { service: LIVENESS.to_owned() }).await?.into_inner();
    assert_eq!(answer.status(), Answer::Serving);
    let answer = client.check(HealthCheckRequest::default()).await?.into_inner();
    assert_eq!(answer.status(), Answer::NotServing);
    // The same for probes that speak HTTP.
    let status = async |path| anyhow::Ok(get(running.admin_address, path).await?.split(' ').nth(1).map(str::to_owned));
    assert_eq!(status("/healthz").await?.as_deref(), Some("200"));
    assert_eq!(status("/readyz").await?.as_deref(), Some("503"));
    running.stop().await
}

#[tokio::test]
async fn a_ready_service_says_so_to_probes_that_speak_http() -> anyhow::Result<()> {
    let world = world().await?;
    for path in ["/healthz", "/readyz"] {
        assert!(get(world.running.admin_address, path).await?.starts_with("HTTP/1.1 200 "), "{path}");
    }
    Ok(())
}

/// Otherwise tools that ask for contracts could not ask for health.
#[tokio::test]
async fn the_admin_port_reflects_the_health_service() -> anyhow::Result<()> {
    let world = world().await?;
    let mut client = ServerReflectionClient::new(channel(world.running.admin_address)?);
    let question = ServerReflectionRequest { message_request: Some(Ask::ListServices(String::new())), ..Default::default() };
    let mut answers = client.server_reflection_info(futures::stream::iter([question])).await?.into_inner();
    let answer = answers.message().await?.and_then(|answer| answer.message_response);
    let Some(Told::ListServicesResponse(list)) = answer else { anyhow::bail!("{answer:?}") };
    assert!(list.service.iter().any(|service| service.name == "grpc.health.v1.Health"), "{list:?}");
    Ok(())
}

#[tokio::test]
async fn invalid_input_on_the_admin_port_is_harmless() -> anyhow::Result<()> {
    let world = world().await?;
    let admin = world.running.admin_address;
    let long = format!("GET /metrics HTTP/1.1\r\nx-long: {}\r\n\r\n", "x".repeat(200_000));
    let inputs: [&[u8]; 8] = [
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
    for input in inputs {
        let mut tcp = TcpStream::connect(admin).await?;
        // The server may close the connection before all is sent.
        let _ = tcp.write_all(input).await;
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
