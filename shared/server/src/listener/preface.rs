//! The first bytes of a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// With which every HTTP/2 connection begins (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection whose preface was read, and is read once more by HTTP/2 itself.
///
/// hyper waits for the preface for ever, and begins to ask a peer whether it lives only after it.
pub(super) struct Prefaced<T> {
    io: T,
    unread: &'static [u8],
}

impl<T: AsyncRead + Unpin> Prefaced<T> {
    /// Reads the preface. Whoever speaks something else is refused.
    pub(super) async fn read(mut io: T) -> io::Result<Self> {
        let mut said = [0; PREFACE.len()];
        io.read_exact(&mut said).await?;
        if said == *PREFACE { Ok(Self { io, unread: PREFACE }) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Prefaced<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.io).poll_read(context, buffer);
        }
        let (now, later) = self.unread.split_at(self.unread.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.unread = later;
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
    async fn what_follows_the_preface_is_read_after_it() {
        let bytes = [PREFACE.as_slice(), b"and more"].concat();
        let mut all = Vec::new();
        Prefaced::read(bytes.as_slice()).await.expect("HTTP/2").read_to_end(&mut all).await.expect("read");
        assert_eq!(all, bytes);
        for other in ["", "PRI", "GET / HTTP/1.1\r\nhost: example.org\r\n\r\n"] {
            assert!(Prefaced::read(other.as_bytes()).await.is_err(), "{other}");
        }
    }
}
