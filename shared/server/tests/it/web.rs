//! The port for browsers: what holds for connections of HTTP/1.1.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::StreamExt as _;
use orchard_server::{LimitOptions, ServeOptions, Web};
use orchard_testkit::browser::Browser;
use orchard_testkit::certificates::Authority;
use orchard_testkit::folder::Folder;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::probe::{Probe, Watched};
use orchard_testkit::raw::framed;
use orchard_testkit::service::{Running, options};
use orchard_tls::{HttpsTls, ServerName, UpstreamTls, UpstreamTlsOptions};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::{Code, Request};
use uuid::Uuid;

const READ: &str = "/orchard.probe.v1.ProbeService/Read";
const WATCH: &str = "/orchard.probe.v1.ProbeService/Watch";
const SHORT: Duration = Duration::from_millis(300);
/// Time limit of everything here that must end.
const SOON: Duration = Duration::from_secs(30);

struct Port {
    running: Running,
    token: String,
    _keys: DevKeys,
}

impl Port {
    async fn start(probe: Probe, change: impl FnOnce(&mut LimitOptions)) -> anyhow::Result<Self> {
        Self::configured(probe, |options| change(&mut options.limits)).await
    }

    async fn configured(probe: Probe, change: impl FnOnce(&mut ServeOptions)) -> anyhow::Result<Self> {
        let keys = DevKeys::ephemeral()?;
        let mut options = options(&keys);
        change(&mut options);
        let mut server = probe.server();
        server.web = Some(Web { listen: "127.0.0.1:0".parse()?, origins: Vec::new(), pages: Router::new() });
        let running = Running::start(server, &options).await?;
        Ok(Self { running, token: keys.user_token(Uuid::new_v4(), &[], Duration::from_secs(600))?, _keys: keys })
    }

    fn address(&self) -> SocketAddr {
        self.running.web_address.expect("a port for browsers")
    }

    async fn browser(&self) -> anyhow::Result<Browser> {
        Browser::open(self.address(), "", &self.token).await
    }

    /// Begins a call of which nothing is read.
    async fn unread(&self, path: &str) -> anyhow::Result<TcpStream> {
        let mut tcp = TcpStream::connect(self.address()).await?;
        let (message, token) = (framed("unread"), &self.token);
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: orchard.test\r\ncontent-type: application/grpc-web+proto\r\n\
             authorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
            message.len()
        );
        tcp.write_all(&[head.as_bytes(), &message].concat()).await?;
        Ok(tcp)
    }
}

fn request(text: &str) -> Vec<Vec<u8>> {
    vec![orchard_testkit::probe::pb::ReadRequest { text: text.to_owned() }.encode_to_vec()]
}

fn endless() -> Probe {
    let echo = Probe::new(|request: Request<String>| async { Ok(request.into_inner()) });
    echo.watching(|_| async { Ok::<Watched, _>(futures::stream::repeat_with(|| Ok("on and on".repeat(1_000))).boxed()) })
}

/// Its streams have no messages and no end.
fn waiting(begun: &Arc<Semaphore>) -> Probe {
    let begun = Arc::clone(begun);
    Probe::new(|request: Request<String>| async { Ok(request.into_inner()) }).watching(move |_| {
        begun.add_permits(1);
        async { Ok::<Watched, _>(futures::stream::pending().boxed()) }
    })
}

#[tokio::test]
async fn calls_share_a_connection_and_an_idle_one_is_closed() -> anyhow::Result<()> {
    let port = Port::start(endless(), |limits| limits.handshake_limit = Duration::from_secs(1)).await?;
    let mut browser = port.browser().await?;
    for text in ["one", "two"] {
        let answer = browser.call(READ, &request(text), &[]).await?;
        assert_eq!(answer.refused(), Some((Code::Ok, String::new())));
    }
    let mut half = TcpStream::connect(port.address()).await?;
    half.write_all(b"POST / HTTP/1.1\r\nhost:").await?;
    for mut idle in [half, port.unread(READ).await?] {
        timeout(SOON, idle.read_to_end(&mut Vec::new())).await??;
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_that_is_not_read_is_cut_at_its_deadline_and_its_place_is_free() -> anyhow::Result<()> {
    let port = Port::start(endless(), |limits| {
        limits.max_streams = 1;
        limits.stream_limit = SHORT;
    })
    .await?;
    for _ in 0..2 {
        let mut unread = port.unread(WATCH).await?;
        let freed = async {
            loop {
                let answer = port.browser().await?.call(WATCH, &request("room"), &[("grpc-timeout", "100m")]).await?;
                if answer.refused() == Some((Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())) {
                    break anyhow::Ok(());
                }
            }
        };
        timeout(SOON, freed).await??;
        // The connection has ended, in the middle of the stream.
        let mut buffer = vec![0; 65_536];
        timeout(SOON, async { while unread.read(&mut buffer).await.is_ok_and(|count| count > 0) {} }).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_closed_gives_its_place_back() -> anyhow::Result<()> {
    let port = Port::start(waiting(&Arc::new(Semaphore::new(0))), |limits| limits.max_streams = 1).await?;
    let mut page = port.browser().await?;
    let begun = page.begin(WATCH, &request("x"), &[]).await?;
    let answer = port.browser().await?.call(WATCH, &request("x"), &[]).await?;
    assert_eq!(answer.refused(), Some((Code::ResourceExhausted, "OVERLOADED".to_owned())));
    drop((begun, page));
    let freed = async {
        loop {
            let answer = port.browser().await?.call(WATCH, &request("room"), &[("grpc-timeout", "100m")]).await?;
            if answer.refused() == Some((Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())) {
                break anyhow::Ok(());
            }
        }
    };
    timeout(SOON, freed).await?
}

#[tokio::test]
async fn heads_are_bounded() -> anyhow::Result<()> {
    let port = Port::start(endless(), |_| ()).await?;
    let large = "x".repeat(33_000);
    let answer = port.browser().await?.call(READ, &request("x"), &[("x-large", &large)]).await?;
    assert_eq!(answer.refused(), Some((Code::ResourceExhausted, "METADATA_TOO_LARGE".to_owned())));
    let larger = "x".repeat(70_000);
    assert_eq!(port.browser().await?.call(READ, &request("x"), &[("x-large", &larger)]).await?.http, 431);
    Ok(())
}

#[tokio::test]
async fn a_stop_ends_streams_with_a_status() -> anyhow::Result<()> {
    let begun = Arc::new(Semaphore::new(0));
    let port = Port::start(waiting(&begun), |_| ()).await?;
    let (mut watching, message) = (port.browser().await?, request("x"));
    let (answer, stopped) = tokio::join!(watching.call(WATCH, &message, &[]), async {
        begun.acquire().await?.forget();
        timeout(SOON, port.running.stop()).await?
    });
    stopped?;
    assert_eq!(answer?.refused(), Some((Code::Unavailable, "SHUTTING_DOWN".to_owned())));
    Ok(())
}

#[tokio::test]
async fn with_tls_a_browser_chooses_its_version() -> anyhow::Result<()> {
    let (authority, files) = (Authority::new()?, Folder::new()?);
    let own = authority.issue(&["localhost"])?;
    let (ca, cert) = (files.put("ca.pem", authority.pem())?, files.put("own.pem", &own.cert_pem)?);
    let key = files.put("own.key", &own.key_pem)?;
    let port = Port::configured(endless(), |options| {
        (options.tls.tls_cert_file, options.tls.tls_key_file) = (Some(cert), Some(key));
    })
    .await?;
    let http1 = TlsConnector::from(HttpsTls::load(&ca)?.config());
    let http2 = UpstreamTls::load(&UpstreamTlsOptions { upstream_ca_file: Some(ca), ..Default::default() })?.expect("TLS");
    let name = || ServerName::try_from("localhost").expect("a name");

    let tls = http1.connect(name(), TcpStream::connect(port.address()).await?).await?;
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let answer = Browser::over(tls, "", &port.token).await?.call(READ, &request("hello"), &[]).await?;
    assert_eq!(answer.refused(), Some((Code::Ok, String::new())));
    let tls = http2.connect(name(), TcpStream::connect(port.address()).await?).await?;
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // The port for gRPC has no HTTP/1.1 to offer.
    assert!(http1.connect(name(), TcpStream::connect(port.running.address).await?).await.is_err());
    Ok(())
}
