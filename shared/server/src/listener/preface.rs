//! Reads the first bytes of a connection, which tell its HTTP version.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// The beginning of every HTTP/2 connection (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection whose first bytes have been read, and are read again by HTTP itself.
///
/// hyper waits for the preface forever, and pings the peer only after it.
pub(super) struct Prefaced<T> {
    io: T,
    first: [u8; PREFACE.len()],
    unread: std::ops::Range<usize>,
}

impl<T: AsyncRead + Unpin> Prefaced<T> {
    /// Reads the preface, or the first bytes that differ from it.
    pub(super) async fn read(mut io: T) -> io::Result<Self> {
        let mut first = [0; PREFACE.len()];
        let mut length = 0;
        while length < first.len() && PREFACE.starts_with(&first[..length]) {
            match io.read(&mut first[length..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                more => length += more,
            }
        }
        Ok(Self { io, first, unread: 0..length })
    }

    /// Returns whether the connection speaks HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        self.first == *PREFACE
    }

    /// Returns what speaks on a connection that does not speak HTTP/2.
    pub(super) fn spoken(&self) -> &'static str {
        match self.first {
            // A record of a handshake, of any version.
            [0x16, 3, ..] => "TLS on a port without TLS",
            [b'A'..=b'Z', ..] => "HTTP/1.1 on the port for gRPC",
            _ => "an unknown protocol on the port for gRPC",
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Prefaced<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.io).poll_read(context, buffer);
        }
        let now = self.unread.len().min(buffer.remaining());
        let start = self.unread.start;
        buffer.put_slice(&self.first[start..start + now]);
        self.unread.start += now;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Prefaced<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_preface_is_read_again_with_what_follows() {
        let bytes = [PREFACE.as_slice(), b"and more"].concat();
        let mut all = Vec::new();
        let mut http2 = Prefaced::read(bytes.as_slice()).await.expect("a beginning");
        assert!(http2.is_http2());
        http2.read_to_end(&mut all).await.expect("read");
        assert_eq!(all, bytes);
        for half in ["", "PRI"] {
            assert!(Prefaced::read(half.as_bytes()).await.is_err(), "{half}");
        }
        for other in ["GET / HTTP/1.1\r\nhost: example.org\r\n\r\n", "PUT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r!"] {
            let mut all = String::new();
            let mut beginning = Prefaced::read(other.as_bytes()).await.expect("a beginning");
            assert_eq!(beginning.spoken(), "HTTP/1.1 on the port for gRPC");
            assert!(!beginning.is_http2(), "{other}");
            beginning.read_to_string(&mut all).await.expect("read");
            assert_eq!(all, other);
        }
    }
}
