//! A peer at the level of HTTP/2 or of bytes, which answers calls with whatever its test says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, Response};
use tokio::io::{AsyncWriteExt as _, copy, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A call to answer. What is given back is kept, so that the call stays open; what is dropped without an end is reset.
pub type Open = SendResponse<Bytes>;
/// How a call is answered.
pub type Answer = dyn Fn(usize, Open) -> Result<Option<Open>, h2::Error> + Send + Sync;

/// Takes connections and calls.
#[derive(Debug)]
pub struct Peer {
    /// Where it takes connections.
    pub address: SocketAddr,
    count: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl Peer {
    /// Answers each call, given the number of calls before it.
    pub async fn answering(
        answer: impl Fn(usize, Open) -> Result<Option<Open>, h2::Error> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let answer: Arc<Answer> = Arc::new(answer);
        Self::serving(move |tcp, count| serve(tcp, count, Arc::clone(&answer))).await
    }

    /// Says these bytes on each connection, and ends it.
    pub async fn saying(bytes: &'static [u8]) -> anyhow::Result<Self> {
        Self::serving(move |tcp, count| say(tcp, count, bytes)).await
    }

    async fn serving<F>(serve: impl Fn(TcpStream, Arc<AtomicUsize>) -> F + Send + 'static) -> anyhow::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, count) = (listener.local_addr()?, Arc::new(AtomicUsize::new(0)));
        let (counted, mut task) = (Arc::clone(&count), JoinSet::new());
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                connections.spawn(serve(tcp, Arc::clone(&counted)));
            }
        });
        Ok(Self { address, count, _task: task })
    }

    /// The number of calls, or of connections if it does not read calls.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

async fn serve(tcp: TcpStream, count: Arc<AtomicUsize>, answer: Arc<Answer>) {
    let Ok(mut connection) = h2::server::handshake(tcp).await else { return };
    let mut kept = Vec::new();
    while let Some(Ok((request, call))) = connection.accept().await {
        kept.extend(answer(count.fetch_add(1, Ordering::SeqCst), call).ok().flatten());
        drop(request);
    }
}

async fn say(mut tcp: TcpStream, count: Arc<AtomicUsize>, bytes: &[u8]) {
    count.fetch_add(1, Ordering::SeqCst);
    let said = async {
        tcp.write_all(bytes).await?;
        tcp.shutdown().await?;
        // Closing with unread bytes would reset the connection before the others are read.
        copy(&mut tcp, &mut sink()).await
    };
    let _ = said.await;
}

/// Answers with these headers and nothing more.
pub fn headers_only(mut call: Open, status: u16, headers: HeaderMap) -> Result<Option<Open>, h2::Error> {
    call.send_response(response(status, headers), true)?;
    Ok(None)
}

/// Answers with the headers of gRPC, these bytes and these trailers.
pub fn whole(mut call: Open, body: &'static [u8], trailers: HeaderMap) -> Result<Option<Open>, h2::Error> {
    let mut stream = call.send_response(response(200, grpc()), false)?;
    stream.send_data(Bytes::from_static(body), false)?;
    stream.send_trailers(trailers)?;
    Ok(None)
}

/// The headers that every answer of gRPC has.
pub fn grpc() -> HeaderMap {
    headers(&[("content-type", "application/grpc")])
}

/// Headers with these entries.
pub fn headers(entries: &[(&'static str, &str)]) -> HeaderMap {
    let entry = |(name, value): &(&'static str, &str)| Some((http::HeaderName::from_static(name), value.parse().ok()?));
    entries.iter().filter_map(entry).collect()
}

fn response(status: u16, headers: HeaderMap) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    *response.headers_mut() = headers;
    response
}
