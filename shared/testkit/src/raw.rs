//! Calls made frame by frame, as no ordinary client makes them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use bytes::{BufMut as _, Bytes, BytesMut};
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, StatusCode};
use prost::Message as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::answer::refusal;
use crate::probe::pb::ReadRequest;

/// An HTTP/2 connection of one caller.
#[derive(Debug)]
pub struct Raw {
    send: SendRequest<Bytes>,
    address: SocketAddr,
    token: String,
    _driver: JoinSet<Result<(), h2::Error>>,
}

/// How a call ended.
#[derive(Debug)]
pub struct Ended {
    /// The HTTP status.
    pub http: StatusCode,
    /// Headers and trailers together.
    pub headers: HeaderMap,
    /// The bytes before the trailers.
    pub body: usize,
}

impl Ended {
    /// The code and reason of the status, if there is one.
    pub fn status(&self) -> (Option<Code>, String) {
        let status = Status::from_header_map(&self.headers);
        let reason = status.as_ref().map(|status| refusal(status).reason).unwrap_or_default();
        (status.map(|status| status.code()), reason)
    }
}

impl Raw {
    /// Connects to a service as the token's user.
    pub async fn open(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        Self::over(TcpStream::connect(address).await?, &Builder::new(), token).await
    }

    /// Begins HTTP/2 with other settings than usual.
    pub async fn over(tcp: TcpStream, settings: &Builder, token: &str) -> anyhow::Result<Self> {
        let address = tcp.peer_addr()?;
        let (send, connection) = settings.handshake(tcp).await?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self { send: send.ready().await?, address, token: token.to_owned(), _driver: driver })
    }

    /// Begins a request, which may be anything.
    pub async fn request(&self, request: Request<()>) -> anyhow::Result<(ResponseFuture, SendStream<Bytes>)> {
        let mut ready = self.send.clone().ready().await?;
        Ok(ready.send_request(request, false)?)
    }

    /// The head of a call to the method at `path`. The token is left out if it is empty.
    pub fn head(&self, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Request<()>> {
        let mut request = Request::post(format!("http://{}{path}", self.address)).header("te", "trailers");
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/grpc");
        }
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let with_all = headers.iter().filter(|(_, value)| !value.is_empty());
        Ok(with_all.fold(request, |request, (name, value)| request.header(*name, *value)).body(())?)
    }

    /// Sends the headers of a call to the probe. The caller sends the message.
    pub async fn begin(&self, method: &str, headers: &[(&str, &str)]) -> anyhow::Result<(ResponseFuture, SendStream<Bytes>)> {
        self.request(self.head(&format!("/orchard.probe.v1.ProbeService/{method}"), headers)?).await
    }

    /// Makes a call to the probe and returns its code, if it has one, and its reason.
    pub async fn call(&self, method: &str, text: &str, timeout: &str) -> anyhow::Result<(Option<Code>, String)> {
        let (answer, mut message) = self.begin(method, &[("grpc-timeout", timeout)]).await?;
        message.send_data(framed(text), true)?;
        Ok(end(answer).await?.status())
    }
}

/// Connects from another address of the loopback, 127.0.0.`host`.
pub async fn connect_from(host: u8, address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((IpAddr::V4(Ipv4Addr::new(127, 0, 0, host)), 0)))?;
    socket.connect(address).await
}

/// Returns a gRPC frame with a request. All requests of the probe have the same shape.
pub fn framed(text: &str) -> Bytes {
    let message = ReadRequest { text: text.to_owned() }.encode_to_vec();
    frame(0, message.len(), &message)
}

/// Returns a gRPC frame, whose header may lie.
pub fn frame(flag: u8, length: usize, message: &[u8]) -> Bytes {
    let mut framed = BytesMut::new();
    framed.put_u8(flag);
    framed.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// Reads an answer to its end.
pub async fn end(answer: ResponseFuture) -> anyhow::Result<Ended> {
    let (head, body) = answer.await.context("an answer")?.into_parts();
    let (mut headers, (body, trailers)) = (head.headers, rest(body).await?);
    headers.extend(trailers.unwrap_or_default());
    Ok(Ended { http: head.status, headers, body })
}

async fn rest(mut body: RecvStream) -> anyhow::Result<(usize, Option<HeaderMap>)> {
    let mut length = 0;
    while let Some(data) = body.data().await {
        let data = data?;
        length += data.len();
        body.flow_control().release_capacity(data.len())?;
    }
    Ok((length, body.trailers().await?))
}
