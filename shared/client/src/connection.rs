//! One HTTP/2 connection to one replica.
//!
//! Replaces tonic's `Channel`, which reconnects for one waiting call after the other, each for as long as a silent machine takes, and
//! does not tell calls that were never sent, and so may be repeated, from others.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use orchard_tls::{ServerName, UpstreamTls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::body::Body;

/// Time limit of a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Silence after which a peer with open calls is pinged, and the time it has to reply.
const KEEP_ALIVE: Duration = Duration::from_secs(2);

/// Why a request has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// No connection was made, so the request was never sent.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The connection was closed before the request was sent.
    #[error("the connection was closed: {0}")]
    Closed(String),
    /// The replica says that it has not processed the request and will not.
    #[error("the replica did not take the call: {0}")]
    NotTaken(String),
    /// The connection ended while the request was open.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// This request alone failed; its connection is still open.
    #[error("the call was reset: {0}")]
    Reset(String),
}

impl Failure {
    /// Returns whether the replica has certainly not begun with the call.
    pub(crate) fn is_unsent(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Closed(_) | Self::NotTaken(_) => true,
            Self::Lost(_) | Self::Reset(_) => false,
        }
    }
}

impl From<&hyper::Error> for Failure {
    fn from(error: &hyper::Error) -> Self {
        let cause = match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        let mut sources = std::iter::successors(error.source(), |error: &&(dyn std::error::Error + 'static)| (**error).source());
        let Some(http2) = sources.find_map(|error| error.downcast_ref::<h2::Error>()) else {
            return Self::Lost(cause);
        };
        match http2.reason() {
            Some(h2::Reason::REFUSED_STREAM) if http2.is_reset() && http2.is_remote() => Self::NotTaken(cause),
            // Ends only streams that the peer has not processed and will not process (RFC 9113, 6.8).
            Some(h2::Reason::NO_ERROR) if http2.is_go_away() && http2.is_remote() => Self::NotTaken(cause),
            _ if http2.is_reset() => Self::Reset(cause),
            _ => Self::Lost(cause),
        }
    }
}

/// Connects to the replicas of one service.
#[derive(Debug)]
pub(crate) struct Connector {
    /// TLS, and the name that every replica's certificate must have.
    pub(crate) tls: Option<(Arc<UpstreamTls>, ServerName<'static>)>,
}

impl Connector {
    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<Connection> {
        let connect = async {
            let tcp = TcpStream::connect(address).await?;
            // Requests are small: Nagle's algorithm would only delay them.
            tcp.set_nodelay(true)?;
            let connection = match &self.tls {
                Some((tls, name)) => handshake(tls.connect(name.clone(), tcp).await?).await,
                None => handshake(tcp).await,
            };
            connection.map_err(io::Error::other)
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connect).await {
            Ok(connected) => connected,
            Err(_late) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

async fn handshake(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> hyper::Result<Connection> {
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .handshake(TokioIo::new(io))
        .await?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    });
    Ok(Connection { sender, driver: Arc::new(driver) })
}

/// An open connection, cheap to clone. Dropping the last clone closes it once its calls have ended.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    sender: http2::SendRequest<Body>,
    driver: Arc<JoinSet<()>>,
}

impl Connection {
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.driver, &other.driver)
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> Result<Response<Incoming>, Failure> {
        self.sender.try_send_request(request).await.map_err(|mut failed| match failed.take_message() {
            Some(_unsent) => Failure::Closed(failed.error().to_string()),
            None => Failure::from(failed.error()),
        })
    }
}
