//! The metrics and the log of a service that runs as a process of its own.

use std::time::Duration;

use anyhow::Context as _;
use orchard_server::{ServeOptions, run_to_end};
use orchard_testkit::answer::refused;
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use orchard_testkit::probe::pb::{ReadRequest, WatchRequest};
use orchard_testkit::program::{self, Program};
use orchard_testkit::raw::{Raw, framed};
use orchard_testkit::scrape::Metrics;
use orchard_testkit::service::channel;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::world::read;

/// A text in requests that must appear nowhere else.
pub const CANARY: &str = "canary-7f3a@example.org";
pub const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
pub const PARENT: &str = "b7ad6b7169203331";
pub const READ: &str = "orchard.probe.v1.ProbeService/Read";
const WATCH: &str = "orchard.probe.v1.ProbeService/Watch";

#[derive(clap::Parser)]
struct Options {
    #[command(flatten)]
    serve: ServeOptions,
}

#[test]
#[ignore = "other tests run it as a program"]
fn program() {
    if program::is_program() {
        let Options { serve } = clap::Parser::parse_from(["probe"]);
        let probe = Probe::new(|request: Request<String>| async move {
            match request.get_ref().split(' ').next() {
                Some("panic") => panic!("on purpose: {}", request.get_ref()),
                Some("refuse") => Err(Status::invalid_argument(format!("not {}", request.get_ref()))),
                Some("wait") => std::future::pending().await,
                _ => Ok(request.into_inner()),
            }
        });
        let _ = run_to_end("probe", &serve, async { Ok(probe.server()) });
    }
}

/// The probe as a program, and a caller's token.
pub struct World {
    pub program: Program,
    token: String,
    /// Owns the key files that the program reads.
    _keys: DevKeys,
}

impl World {
    pub async fn start(settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let keys = DevKeys::ephemeral()?;
        let program = Program::start(program::itself("telemetry::program")?, &keys, settings).await?;
        let token = keys.user_token(Uuid::new_v4(), &[], Duration::from_secs(600))?;
        Ok(Self { program, token, _keys: keys })
    }

    pub fn client(&self) -> anyhow::Result<ProbeServiceClient<Client>> {
        Ok(ProbeServiceClient::new(Headers::bearer(&self.token)?.on(channel(self.program.address)?)))
    }

    async fn metrics(&self) -> anyhow::Result<Metrics> {
        Metrics::of(self.program.admin_address).await
    }

    /// Makes a call within a trace.
    pub async fn traced(&self, flags: &str) -> anyhow::Result<()> {
        let mut request = Request::new(ReadRequest { text: CANARY.to_owned() });
        request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{PARENT}-{flags}").parse()?);
        self.client()?.read(request).await?;
        Ok(())
    }
}

fn calls(metrics: &Metrics, method: &str, code: &str) -> f64 {
    let labels = [("rpc_method", method), ("rpc_response_status_code", code), ("rpc_system_name", "grpc")];
    metrics.sum("rpc_server_call_duration_seconds_count", &labels)
}

#[tokio::test]
async fn calls_are_counted_by_method_and_code() -> anyhow::Result<()> {
    let world = World::start(&[("ORCHARD_MAX_CALLS", "1".to_owned())]).await?;
    let mut client = world.client()?;
    for _ in 0..3 {
        read(&mut client, "fine").await?;
    }
    for _ in 0..2 {
        assert_eq!(refused(read(&mut client, "refuse").await).0, Code::InvalidArgument);
    }
    assert_eq!(refused(read(&mut client, "panic").await).0, Code::Internal);
    client.watch(WatchRequest::default()).await?.into_inner().message().await?;
    let mut anonymous = ProbeServiceClient::new(Headers::none().on(channel(world.program.address)?));
    assert_eq!(refused(read(&mut anonymous, "fine").await).0, Code::Unauthenticated);
    // Unknown methods, which callers invent, share one series.
    for name in ["a", "b", CANARY] {
        let mut grpc = tonic::client::Grpc::new(channel(world.program.address)?);
        grpc.ready().await?;
        let codec = tonic_prost::ProstCodec::<ReadRequest, ReadRequest>::default();
        let path = format!("/orchard.probe.v1.ProbeService/{name}").parse()?;
        assert_eq!(refused(grpc.unary(Request::new(ReadRequest::default()), path, codec).await).0, Code::Unimplemented);
    }
    let waiting = {
        let mut client = client.clone();
        tokio::task::JoinSet::from_iter([async move { read(&mut client, "wait").await }])
    };
    while world.metrics().await?.sum("orchard_server_active_calls", &[("rpc_method", READ)]) < 1.0 {
        tokio::task::yield_now().await;
    }
    // The waiting call takes up capacity a moment after it has begun.
    while read(&mut client, "one too many").await.is_ok() {}
    drop(waiting);
    while world.metrics().await?.sum("orchard_server_active_calls", &[]) > 0.0 {
        tokio::task::yield_now().await;
    }

    let metrics = world.metrics().await?;
    assert!(calls(&metrics, READ, "OK") >= 3.0, "{}", metrics.text());
    for (method, code, count) in [
        (READ, "INVALID_ARGUMENT", 2.0),
        (READ, "INTERNAL", 1.0),
        (READ, "UNAUTHENTICATED", 1.0),
        (READ, "RESOURCE_EXHAUSTED", 1.0),
        (READ, "CANCELLED", 1.0),
        (WATCH, "OK", 1.0),
        ("_OTHER", "UNIMPLEMENTED", 3.0),
    ] {
        assert_eq!(calls(&metrics, method, code), count, "{method} {code}\n{}", metrics.text());
    }
    assert_eq!(metrics.sum("rpc_server_call_duration_seconds_count", &[("error_type", "INTERNAL")]), 1.0);
    assert_eq!(metrics.sum("orchard_server_shed_calls_total", &[]), 1.0);
    assert!(metrics.sum("process_resident_memory_bytes", &[]) > 1_000_000.0);
    assert!(!metrics.text().contains("canary"), "{}", metrics.text());
    Ok(())
}

#[tokio::test]
async fn log_lines_of_a_call_have_its_trace_and_nothing_of_its_request() -> anyhow::Result<()> {
    for format in ["json", "pretty"] {
        let settings = [("ORCHARD_LOG", "debug".to_owned()), ("ORCHARD_LOG_FORMAT", format.to_owned())];
        let world = World::start(&settings).await?;
        let mut client = world.client()?;
        world.traced("01").await?;
        assert!(read(&mut client, &format!("panic {CANARY}")).await.is_err());
        assert!(read(&mut client, &format!("refuse {CANARY}")).await.is_err());
        let token = world.token.clone();
        let said = world.program.stop().await?;
        assert!(!said.contains("canary"), "{said}");
        assert!(!said.contains('\u{1b}'), "colours without a terminal: {said}");
        assert!(!said.contains(&token) && !said.contains("Bearer"), "{said}");

        let of_calls: Vec<&str> = said
            .lines()
            .filter(|line| line.contains(READ) || line.contains("panicked"))
            .filter(|l| !l.contains("RUST_"))
            .collect();
        // The ends of three calls, and two lines for the panic: its location, and its call.
        assert_eq!(of_calls.len(), 5, "{said}");
        for line in &of_calls {
            let (trace, span) = ids(format, line)?;
            assert!(trace.len() == 32 && span.len() == 16, "{line}");
        }
        assert_eq!(of_calls.iter().filter(|line| line.contains(TRACE)).count(), 1, "{said}");
        assert!(said.contains("telemetry.rs:"), "the panic's place: {said}");
    }
    Ok(())
}

fn ids(format: &str, line: &str) -> anyhow::Result<(String, String)> {
    if format == "json" {
        let line: serde_json::Value = serde_json::from_str(line)?;
        let id = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        return Ok((id("trace_id"), id("span_id")));
    }
    let id = |name: &str| {
        let (_, rest) = line.split_once(&format!(" {name}=")).with_context(|| format!("{name} in {line}"))?;
        anyhow::Ok(rest.split(' ').next().unwrap_or_default().to_owned())
    };
    Ok((id("trace_id")?, id("span_id")?))
}

/// Neither refusals nor connections that speak something else may fill the log.
#[tokio::test]
async fn a_flood_of_refusals_is_a_few_lines_with_their_reason_and_a_number() -> anyhow::Result<()> {
    const FLOOD: usize = 400;
    let world = World::start(&[]).await?;
    let mut anonymous = ProbeServiceClient::new(Headers::none().on(channel(world.program.address)?));
    for _ in 0..FLOOD {
        assert_eq!(refused(read(&mut anonymous, "fine").await).0, Code::Unauthenticated);
    }
    assert_eq!(refused(read(&mut world.client()?, "refuse").await).0, Code::InvalidArgument);
    for greeting in [&b"\x16\x03\x01\x02\x00\x01\xfc"[..], b"GET / HTTP/1.1\r\n\r\n"] {
        for _ in 0..FLOOD {
            let mut tcp = TcpStream::connect(world.program.address).await?;
            tcp.write_all(greeting).await?;
            // Until it is closed, so that the line has been written.
            let _ = tcp.read_to_end(&mut Vec::new()).await;
        }
    }
    let labels = [("code", "UNAUTHENTICATED"), ("reason", "TOKEN_MISSING")];
    let counted = world.metrics().await?.sum("orchard_server_refused_calls_total", &labels);
    assert_eq!(counted, f64::from(u32::try_from(FLOOD)?));
    let said = world.program.stop().await?;
    let lines = |text: &str| said.lines().filter(|line| line.contains(text) && !line.contains("left out")).count();
    for text in ["TOKEN_MISSING", "TLS on a port without TLS", "HTTP/1.1 on the port for gRPC"] {
        // A few per second: a busy machine takes several.
        assert!((1..FLOOD / 2).contains(&lines(text)), "{text}: {}", lines(text));
    }
    assert!(said.contains("lines were left out"), "{said}");
    assert_eq!(lines("\"code\":\"INVALID_ARGUMENT\""), 1, "other kinds are not crowded out");
    Ok(())
}

/// A caller who hangs up in the middle of a request is not one whose request is wrong.
#[tokio::test]
async fn callers_who_hang_up_are_counted_as_cancelled() -> anyhow::Result<()> {
    let world = World::start(&[]).await?;
    let raw = Raw::open(world.program.address, &world.token).await?;
    for _ in 0..5 {
        let (_answer, mut message) = raw.begin("Read", &[]).await?;
        message.send_data(framed("some text").slice(..6), false)?;
        while world.metrics().await?.sum("orchard_server_active_calls", &[("rpc_method", READ)]) < 1.0 {
            tokio::task::yield_now().await;
        }
        message.send_reset(h2::Reason::CANCEL);
        while world.metrics().await?.sum("orchard_server_active_calls", &[("rpc_method", READ)]) > 0.0 {
            tokio::task::yield_now().await;
        }
    }
    let metrics = world.metrics().await?;
    assert_eq!((calls(&metrics, READ, "CANCELLED"), calls(&metrics, READ, "INVALID_ARGUMENT")), (5.0, 0.0), "{}", metrics.text());
    Ok(())
}
