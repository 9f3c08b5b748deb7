//! The address at which an issuer has its keys, behaving as its test wants.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificate;

/// Longest wait for a fetch.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a fetch is answered with.
#[derive(Debug, Clone)]
pub enum Reply {
    /// These bytes, head and all; then the connection ends.
    Whole(Vec<u8>),
    /// A good beginning, and a byte now and then, for ever.
    Trickle,
    /// The end of the connection.
    HangUp,
    /// As the other one, once the semaphore has a permit for it.
    Gated(Arc<Semaphore>, Box<Reply>),
}

impl Reply {
    /// A JWKS.
    pub fn keys(set: &Value) -> Self {
        Self::of("200 OK\r\ncontent-type: application/json", set.to_string().as_bytes())
    }

    /// A status line without its version, perhaps headers, and a body that ends with the connection.
    pub fn of(head: &str, body: &[u8]) -> Self {
        Self::Whole([format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").as_bytes(), body].concat())
    }
}

/// A server of HTTP or HTTPS. Dropped, it is gone like a process that was killed.
#[derive(Debug)]
pub struct KeyServer {
    /// Where it takes connections.
    pub address: SocketAddr,
    reply: watch::Sender<Reply>,
    fetches: watch::Sender<usize>,
    _task: JoinSet<()>,
}

impl KeyServer {
    /// Serves in the clear.
    pub async fn start(reply: Reply) -> anyhow::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), reply, None).await
    }

    /// Serves at an address of one's choice, with a certificate or in the clear.
    pub async fn start_at(address: SocketAddr, reply: Reply, certificate: Option<&Certificate>) -> anyhow::Result<Self> {
        let tls = certificate.map(acceptor).transpose()?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (reply, fetches) = (watch::Sender::new(reply), watch::Sender::new(0));
        let mut task = JoinSet::new();
        task.spawn(serve(listener, tls, reply.subscribe(), fetches.clone()));
        Ok(Self { address, reply, fetches, _task: task })
    }

    /// Answers so from now on.
    pub fn replies(&self, reply: Reply) {
        self.reply.send_replace(reply);
    }

    /// How often it was asked.
    pub fn fetches(&self) -> usize {
        *self.fetches.borrow()
    }

    /// Waits until it was asked so often.
    pub async fn fetched(&self, times: usize) -> anyhow::Result<()> {
        let mut fetches = self.fetches.subscribe();
        let fetched = timeout(PATIENCE, fetches.wait_for(|fetches| *fetches >= times)).await;
        fetched.with_context(|| format!("it was asked {} times, not {times}", self.fetches()))??;
        Ok(())
    }

    /// Waits until somebody who fetches again and again has made what they make of an answer that was begun after this.
    pub async fn fetched_again(&self) -> anyhow::Result<()> {
        self.fetched(self.fetches() + 2).await
    }
}

fn acceptor(certificate: &Certificate) -> anyhow::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_slice_iter(certificate.cert_pem.as_bytes()).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(certificate.key_pem.as_bytes())?;
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let mut config = builder.with_safe_default_protocol_versions()?.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, reply: watch::Receiver<Reply>, fetches: watch::Sender<usize>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((tcp, _)) = listener.accept() => {
                connections.spawn(accept(tcp, tls.clone(), reply.clone(), fetches.clone()));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// Whatever goes wrong, ends the connection: its test sees what became of the fetch.
async fn accept(tcp: TcpStream, tls: Option<TlsAcceptor>, reply: watch::Receiver<Reply>, fetches: watch::Sender<usize>) {
    let _ended = match tls {
        Some(tls) => match tls.accept(tcp).await {
            Ok(io) => answer(io, &reply, &fetches).await,
            Err(error) => Err(error.into()),
        },
        None => answer(tcp, &reply, &fetches).await,
    };
}

async fn answer(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    reply: &watch::Receiver<Reply>,
    fetches: &watch::Sender<usize>,
) -> anyhow::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(io.read_u8().await?);
    }
    let mut current = reply.borrow().clone();
    fetches.send_modify(|fetches| *fetches += 1);
    anyhow::ensure!(request.starts_with(b"GET /keys HTTP/1.1\r\n"), "{}", String::from_utf8_lossy(&request));
    while let Reply::Gated(gate, then) = current {
        gate.acquire().await.context("a gate")?.forget();
        current = *then;
    }
    match current {
        Reply::Whole(bytes) => io.write_all(&bytes).await?,
        Reply::Trickle => {
            io.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"keys\": [").await?;
            loop {
                io.write_all(b" ").await?;
                io.flush().await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Reply::HangUp | Reply::Gated(..) => {}
    }
    Ok(io.shutdown().await?)
}
