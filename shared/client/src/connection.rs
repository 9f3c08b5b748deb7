//! One HTTP/2 connection to one replica.
//!
//! Replaces tonic's `Channel`, which reconnects for one waiting call after the other, each for as long as a silent machine takes, and
//! does not tell calls that were never sent, and so may be repeated, from others.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use h2::Reason;
use http::{Request, Response, StatusCode};
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
/// The most calls open on one connection. Servers take at least as many, so that no call waits until another one ends.
const MAX_OPEN: usize = 100;
/// The longest headers and trailers of an answer: room for the longest status, whatever an intermediary adds.
const MAX_HEADER_BYTES: u32 = 64 * 1024;

/// Why a request has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// No connection was made, so the request was never sent.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// As many calls are open as there may be, so the request was never sent.
    #[error("too many calls are open")]
    Full,
    /// The connection was closed before the request was sent.
    #[error("the connection was closed: {0}")]
    Closed(String),
    /// The replica says that it has not processed the request and will not.
    #[error("the replica did not take the call: {0}")]
    NotTaken(String),
    /// The replica ended the connection because of what its callers do, such as giving up many calls.
    #[error("the replica ended the connection: {0}")]
    Calmed(String),
    /// The connection ended while the request was open.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// This request failed by the replica's fault; its connection is still open.
    #[error("the replica failed: {0}")]
    Broken(String),
    /// This request was reset for another reason; its connection is still open.
    #[error("the call was reset: {0}")]
    Reset(String),
    /// The answer is not one of gRPC.
    #[error("HTTP status {0}")]
    Http(StatusCode),
    /// The answer cannot be read.
    #[error("the answer cannot be read: {0}")]
    Unreadable(&'static str),
}

impl Failure {
    /// Returns whether the replica has certainly not begun with the call.
    pub(crate) fn is_unsent(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Full | Self::Closed(_) | Self::NotTaken(_) => true,
            Self::Calmed(_) | Self::Lost(_) | Self::Broken(_) | Self::Reset(_) | Self::Http(_) | Self::Unreadable(_) => false,
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
        let reason = http2.reason().unwrap_or(Reason::NO_ERROR);
        match reason {
            // Ends only streams that the peer has not processed and will not process (RFC 9113, 6.8).
            Reason::NO_ERROR if http2.is_go_away() && http2.is_remote() => Self::NotTaken(cause),
            Reason::ENHANCE_YOUR_CALM if http2.is_go_away() && http2.is_remote() => Self::Calmed(cause),
            _ if !http2.is_reset() => Self::Lost(cause),
            Reason::REFUSED_STREAM if http2.is_remote() => Self::NotTaken(cause),
            // Other codes may speak of the request, or of a caller who has gone.
            Reason::INTERNAL_ERROR | Reason::CONNECT_ERROR | Reason::HTTP_1_1_REQUIRED | Reason::INADEQUATE_SECURITY
                if http2.is_remote() =>
            {
                Self::Broken(cause)
            }
            _ => Self::Reset(cause),
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
        .max_header_list_size(MAX_HEADER_BYTES)
        .handshake(TokioIo::new(io))
        .await?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    });
    Ok(Connection { sender, shared: Arc::new(Shared { open: AtomicUsize::new(0), _driver: driver }) })
}

/// An open connection, cheap to clone. Dropping the last clone closes it once its calls have ended.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    sender: http2::SendRequest<Body>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The number of seats taken.
    open: AtomicUsize,
    _driver: JoinSet<()>,
}

impl Connection {
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub(crate) fn is_used(&self) -> bool {
        self.shared.open.load(Ordering::Relaxed) > 0
    }

    /// Returns a place for a call; `None` if all are taken.
    pub(crate) fn seat(&self) -> Option<Seat> {
        let one_more = |open| (open < MAX_OPEN).then_some(open + 1);
        self.shared.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Seat(self.clone()))
    }
}

/// The place of a call on a connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat(Connection);

impl Seat {
    pub(crate) fn is_on(&self, connection: &Connection) -> bool {
        Arc::ptr_eq(&self.0.shared, &connection.shared)
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> Result<Response<Incoming>, Failure> {
        self.0.sender.try_send_request(request).await.map_err(|mut failed| match failed.take_message() {
            Some(_unsent) => Failure::Closed(failed.error().to_string()),
            None => Failure::from(failed.error()),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.shared.open.fetch_sub(1, Ordering::Relaxed);
    }
}
