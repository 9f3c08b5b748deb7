//! Calls made frame by frame, as no ordinary client makes them.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::{BufMut as _, Bytes, BytesMut};
use h2::RecvStream;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request};
use orchard_testkit::answer::refusal;
use orchard_testkit::probe::pb::ReadRequest;
use prost::Message as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::world::World;

/// An HTTP/2 connection.
pub struct Raw {
    send: SendRequest<Bytes>,
    address: SocketAddr,
    token: String,
    _driver: JoinSet<Result<(), h2::Error>>,
}

impl Raw {
    pub async fn connect(world: &World) -> anyhow::Result<Self> {
        Self::open(world.running.address, &world.token).await
    }

    /// Connects to a service as the token's user.
    pub async fn open(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(address).await?;
        let (send, connection) = h2::client::handshake(tcp).await?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self { send: send.ready().await?, address, token: token.to_owned(), _driver: driver })
    }

    /// Sends a call's headers. The caller sends the message.
    pub async fn begin(
        &mut self,
        method: &str,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<(ResponseFuture, h2::SendStream<Bytes>)> {
        let mut request = Request::post(format!("http://{}/orchard.probe.v1.ProbeService/{method}", self.address))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut ready = self.send.clone().ready().await?;
        Ok(ready.send_request(request.body(())?, false)?)
    }

    /// Makes a call and returns its code, if it has one, and its reason.
    pub async fn call(&mut self, method: &str, text: &str, timeout: &str) -> anyhow::Result<(Option<Code>, String)> {
        let (answer, mut message) = self.begin(method, &[("grpc-timeout", timeout)]).await?;
        message.send_data(framed(text), true)?;
        let (head, body) = answer.await?.into_parts();
        let ended = if head.headers.contains_key("grpc-status") { head.headers } else { end(body).await?.context("trailers")? };
        let status = Status::from_header_map(&ended);
        let reason = status.as_ref().map(|status| refusal(status).reason).unwrap_or_default();
        Ok((status.map(|status| status.code()), reason))
    }
}

/// Returns a gRPC frame with a request. All requests of the probe have the same shape.
pub fn framed(text: &str) -> Bytes {
    let message = ReadRequest { text: text.to_owned() }.encode_to_vec();
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).expect("a short message"));
    framed.put_slice(&message);
    framed.freeze()
}

async fn end(mut body: RecvStream) -> anyhow::Result<Option<HeaderMap>> {
    while let Some(data) = body.data().await {
        body.flow_control().release_capacity(data?.len())?;
    }
    Ok(body.trailers().await?)
}
