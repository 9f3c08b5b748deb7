//! Those who write HTTP/2 themselves.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinSet;

use super::Target;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const UNKNOWN: u8 = 0x42;
const END_HEADERS: u8 = 4;
/// More than the frames of a burst.
const WINDOW: [u8; 4] = 1_000_000_u32.to_be_bytes();

/// A connection that is written frame by frame. What comes back is read and forgotten.
#[derive(Debug)]
pub struct Frames {
    tcp: OwnedWriteHalf,
    _reader: JoinSet<()>,
}

impl Frames {
    /// Begins HTTP/2.
    pub async fn begin(tcp: TcpStream) -> anyhow::Result<Self> {
        let (mut read, mut tcp) = tcp.into_split();
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            while read.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        });
        tcp.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
        let mut frames = Self { tcp, _reader: reader };
        frames.send(SETTINGS, 0, 0, &[]).await?;
        Ok(frames)
    }

    /// Begins a call.
    pub async fn call(&mut self, stream: u32, target: &Target) -> anyhow::Result<()> {
        let bearer = format!("Bearer {}", target.token);
        let block = headers(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "orchard"),
            (":path", target.method),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("authorization", &bearer),
        ]);
        self.send(HEADERS, END_HEADERS, stream, &block).await?;
        self.send(WINDOW_UPDATE, 0, stream, &WINDOW).await
    }

    /// Sends `count` frames with one byte of a message each, every one followed by a large frame that nobody knows.
    pub async fn tiny(&mut self, stream: u32, count: usize) -> anyhow::Result<()> {
        let pair = [frame(DATA, 0, stream, &[0]), frame(UNKNOWN, 0, stream, &[0; 8 * 1024])].concat();
        for _ in 0..count {
            self.tcp.write_all(&pair).await?;
        }
        Ok(())
    }

    /// Sends a frame.
    pub async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> anyhow::Result<()> {
        Ok(self.tcp.write_all(&frame(kind, flags, stream, payload)).await?)
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A block of headers, none of them compressed or remembered.
pub fn headers(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            length(text.len(), &mut block);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// An integer with a prefix of 7 bits (RFC 7541, 5.1).
fn length(length: usize, block: &mut Vec<u8>) {
    let Some(mut rest) = length.checked_sub(0x7f) else {
        return block.extend(u8::try_from(length));
    };
    block.push(0x7f);
    while rest >= 0x80 {
        block.extend(u8::try_from(rest & 0x7f | 0x80));
        rest >>= 7;
    }
    block.extend(u8::try_from(rest));
}

pub(super) async fn sends_tiny_frames(target: Target) -> anyhow::Result<()> {
    loop {
        // The server ends the call, or the connection.
        let _ = async {
            let mut frames = Frames::begin(target.tcp().await?).await?;
            frames.call(1, &target).await?;
            frames.tiny(1, 1_000).await
        }
        .await;
        target.again().await;
    }
}

async fn flood(target: Target, kind: u8, payload: &[u8]) -> anyhow::Result<()> {
    let burst = frame(kind, 0, 0, payload).repeat(1_000);
    loop {
        let mut frames = Frames::begin(target.tcp().await?).await?;
        while frames.tcp.write_all(&burst).await.is_ok() {
            target.again().await;
        }
    }
}

pub(super) async fn floods_with_pings(target: Target) -> anyhow::Result<()> {
    flood(target, PING, &[0; 8]).await
}

pub(super) async fn floods_with_settings(target: Target) -> anyhow::Result<()> {
    flood(target, SETTINGS, &[]).await
}
