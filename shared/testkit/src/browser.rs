//! Calls as a page in a browser makes them: gRPC-Web over HTTP/1.1.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::answer::refusal;
use crate::raw::frame;

/// The bit of a frame's flag that says that it has trailers.
const TRAILERS: u8 = 0x80;

/// One connection of a page.
#[derive(Debug)]
pub struct Browser {
    send: SendRequest<Full<Bytes>>,
    origin: String,
    token: String,
    _driver: JoinSet<Result<(), hyper::Error>>,
}

/// The answer to a call.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub http: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The messages.
    pub messages: Vec<Bytes>,
    /// The trailers, which are the last frame of the body.
    pub trailers: Option<HeaderMap>,
    /// Whether the body came to its end.
    pub is_whole: bool,
}

impl Answer {
    /// The status, which is in the headers if there are no trailers.
    pub fn status(&self) -> Option<Status> {
        Status::from_header_map(self.trailers.as_ref().unwrap_or(&self.headers))
    }

    /// The code and reason of the status, if there is one.
    pub fn refused(&self) -> Option<(Code, String)> {
        self.status().map(|status| (status.code(), refusal(&status).reason))
    }
}

impl Browser {
    /// Connects as the token's user, for a page of an origin. What is empty is not sent.
    pub async fn open(address: SocketAddr, origin: &str, token: &str) -> anyhow::Result<Self> {
        Self::over(TcpStream::connect(address).await?, origin, token).await
    }

    /// The same, on a connection that is open.
    pub async fn over(
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        origin: &str,
        token: &str,
    ) -> anyhow::Result<Self> {
        let (send, connection) = handshake(TokioIo::new(io)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self { send, origin: origin.to_owned(), token: token.to_owned(), _driver: driver })
    }

    /// Sends a request of the page's, which may be anything.
    pub async fn send(&mut self, mut request: Request<Full<Bytes>>) -> anyhow::Result<Response<Incoming>> {
        let headers = request.headers_mut();
        headers.insert("host", HeaderValue::from_static("orchard.test"));
        if !self.origin.is_empty() {
            headers.insert("origin", self.origin.parse()?);
        }
        self.send.ready().await?;
        Ok(self.send.send_request(request).await?)
    }

    /// Asks whether the page may call.
    pub async fn preflight(&mut self, path: &str, headers: &str) -> anyhow::Result<Response<Incoming>> {
        let request = Request::builder().method(Method::OPTIONS).uri(path);
        let request = request.header("access-control-request-method", "POST").header("access-control-request-headers", headers);
        self.send(request.body(Full::default())?).await
    }

    /// Calls the method at `path` with messages, and headers that replace the usual ones.
    pub async fn call(&mut self, path: &str, messages: &[Vec<u8>], headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
        read(self.begin(path, messages, headers).await?).await
    }

    /// The same, without reading the answer.
    pub async fn begin(
        &mut self,
        path: &str,
        messages: &[Vec<u8>],
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Response<Incoming>> {
        let body: Bytes = messages.iter().map(|message| frame(0, message.len(), message)).collect::<Vec<_>>().concat().into();
        let mut request = Request::post(path).header("content-type", "application/grpc-web+proto").header("x-grpc-web", "1");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let mut request = request.body(Full::new(body))?;
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::try_from(*name)?, value.parse()?);
        }
        self.send(request).await
    }
}

/// Reads an answer, or the rest of one, which may break off.
pub async fn read(answer: Response<Incoming>) -> anyhow::Result<Answer> {
    let (head, mut body) = answer.into_parts();
    let (mut bytes, mut is_whole) = (BytesMut::new(), true);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_broken) => is_whole = false,
        }
    }
    let (mut messages, mut trailers) = (Vec::new(), None);
    while bytes.len() >= 5 {
        let (flag, length) = (bytes[0], (&bytes[1..5]).get_u32());
        let end = 5 + usize::try_from(length)?;
        if bytes.len() < end {
            break;
        }
        let content = bytes.split_to(end).freeze().slice(5..);
        if flag & TRAILERS == 0 {
            messages.push(content);
        } else {
            trailers = Some(fields(&content)?);
        }
    }
    Ok(Answer { http: head.status, headers: head.headers, messages, trailers, is_whole })
}

fn fields(content: &[u8]) -> anyhow::Result<HeaderMap> {
    let lines = std::str::from_utf8(content)?.lines();
    let field = |line: &str| {
        let (name, value) = line.split_once(':').context("a field")?;
        anyhow::Ok((HeaderName::try_from(name)?, HeaderValue::from_str(value.trim())?))
    };
    lines.map(field).collect()
}
