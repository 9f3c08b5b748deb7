//! What PostgreSQL's answers say about a session, which the driver keeps to itself.
//!
//! The socket of each session is watched: every answer ends with the state of the transaction, so a session's state is known without
//! asking for it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use crate::failure::Failure;

/// Each message begins with a byte for its kind and four for its length, which counts itself.
const HEADER: usize = 5;
/// How much of a message is kept. An error's code, text and constraint come first or are short.
const KEPT: usize = 8192;

const ERROR: u8 = b'E';
const COMPLETE: u8 = b'C';
const READY: u8 = b'Z';
/// PostgreSQL's word for a prepared statement whose columns have changed their types since.
const OUTDATED: &str = "cached plan must not change result type";
/// The state outside of a transaction.
const IDLE: u8 = b'I';
/// The state from the moment at which something is sent until it is answered.
const UNANSWERED: u8 = 0;

/// Counts the changes of the schema that prepared statements did not survive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Era(Arc<AtomicU64>);

/// What the answers to one session have said.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    state: AtomicU8,
    answered: Notify,
    committed: AtomicBool,
    error: Mutex<Vec<u8>>,
    born: u64,
    era: Era,
}

impl Answers {
    pub(crate) fn new(era: &Era) -> Self {
        Self { born: era.0.load(Ordering::Relaxed), era: era.clone(), ..Self::default() }
    }

    /// Returns whether the last answer left the session without a transaction.
    pub(crate) fn is_idle(&self) -> bool {
        self.state.load(Ordering::Relaxed) == IDLE
    }

    /// Returns whether all that was sent is answered.
    pub(crate) fn is_answered(&self) -> bool {
        self.state.load(Ordering::Relaxed) != UNANSWERED
    }

    /// Waits until all that was sent is answered.
    pub(crate) async fn answered(&self) {
        loop {
            let answered = self.answered.notified();
            if self.is_answered() {
                return;
            }
            answered.await;
        }
    }

    /// Returns whether statements were prepared before a change of the schema.
    pub(crate) fn is_outdated(&self) -> bool {
        self.era.0.load(Ordering::Relaxed) > self.born
    }

    /// Returns whether the last statement was a COMMIT that PostgreSQL carried out. It answers ROLLBACK, and no error, if the transaction had
    /// failed before.
    pub(crate) fn has_committed(&self) -> bool {
        self.committed.load(Ordering::Relaxed)
    }

    /// Returns the error that made the last failed transaction fail. The caller may not have seen it, because it
    /// read only the first row, or read the error of a later statement first.
    pub(crate) fn cause(&self) -> Failure {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |kind| field(&error, kind);
        Failure::of_state(&text(b'C'), &text(b'M'), &text(b'n'))
    }

    fn message(&self, kind: u8, body: &[u8]) {
        match kind {
            READY => {
                self.state.store(body.first().copied().unwrap_or_default(), Ordering::Relaxed);
                self.answered.notify_waiters();
            }
            COMPLETE => self.committed.store(body.starts_with(b"COMMIT"), Ordering::Relaxed),
            // In a failed transaction, each further statement is refused with a code of its own.
            ERROR if field(body, b'C') == "25P02" => {}
            ERROR => {
                if field(body, b'M').starts_with(OUTDATED) {
                    self.era.0.fetch_max(self.born + 1, Ordering::Relaxed);
                }
                body.clone_into(&mut self.error.lock().unwrap_or_else(PoisonError::into_inner));
            }
            _ => {}
        }
    }
}

/// Returns a field of an error: each is a byte for its kind and a text that ends with a zero.
fn field(error: &[u8], kind: u8) -> String {
    let found = error.split(|byte| *byte == 0).find_map(|field| field.split_first().filter(|(first, _)| **first == kind));
    found.map(|(_, text)| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
}

/// Watches the sockets of one session's connection.
#[derive(Debug, Clone)]
pub(crate) struct Watch(pub(crate) Arc<Answers>);

impl<S: AsyncRead + AsyncWrite + Unpin> MakeTlsConnect<S> for Watch {
    type Stream = Watched<S>;
    type TlsConnect = Self;
    type Error = Infallible;

    fn make_tls_connect(&mut self, _host: &str) -> Result<Self, Infallible> {
        Ok(self.clone())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsConnect<S> for Watch {
    type Stream = Watched<S>;
    type Error = Infallible;
    type Future = Ready<Result<Watched<S>, Infallible>>;

    fn connect(self, socket: S) -> Self::Future {
        ready(Ok(Watched { socket, answers: self.0, header: [0; HEADER], read: 0, left: 0, body: Vec::new() }))
    }
}

/// A socket whose answers are watched.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    socket: S,
    answers: Arc<Answers>,
    header: [u8; HEADER],
    /// How much of the header has been read.
    read: usize,
    /// How much of the body has not been read.
    left: usize,
    body: Vec<u8>,
}

impl<S> Watched<S> {
    /// Follows the messages in `bytes`, which may begin and end anywhere.
    fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.read < HEADER {
                let count = bytes.len().min(HEADER - self.read);
                self.header[self.read..self.read + count].copy_from_slice(&bytes[..count]);
                self.read += count;
                bytes = &bytes[count..];
                if self.read == HEADER {
                    let [_, length @ ..] = self.header;
                    self.left = (u32::from_be_bytes(length) as usize).saturating_sub(length.len());
                }
            } else {
                let count = bytes.len().min(self.left);
                if matches!(self.header[0], ERROR | COMPLETE | READY) {
                    self.body.extend_from_slice(&bytes[..count.min(KEPT.saturating_sub(self.body.len()))]);
                }
                self.left -= count;
                bytes = &bytes[count..];
            }
            if self.read == HEADER && self.left == 0 {
                self.answers.message(self.header[0], &self.body);
                self.body.clear();
                self.read = 0;
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        self.follow(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // An error reaches its caller before the state that ends the answer does.
        self.answers.state.store(UNANSWERED, Ordering::Relaxed);
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Watched<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
        [&[kind], &length[..], body].concat()
    }

    fn answers_to(bytes: &[u8], piece: usize) -> Arc<Answers> {
        let answers = Arc::new(Answers::new(&Era::default()));
        let mut socket =
            Watched { socket: (), answers: Arc::clone(&answers), header: [0; HEADER], read: 0, left: 0, body: Vec::new() };
        bytes.chunks(piece).for_each(|piece| socket.follow(piece));
        answers
    }

    #[test]
    fn messages_are_followed_however_they_arrive() {
        let error = |code: &str, said: &str| message(ERROR, format!("SERROR\0C{code}\0M{said}\0nkey\0\0").as_bytes());
        // A row that holds what looks like the end of an answer.
        let row = message(b'D', &message(READY, b"I"));
        let failed = [
            row,
            error("40P01", "deadlock detected"),
            error("25P02", "current transaction is aborted"),
            message(b'n', b""),
            message(READY, b"E"),
        ];
        let failed = failed.concat();
        let ended = [failed.clone(), message(COMPLETE, b"ROLLBACK\0"), message(READY, b"I")].concat();
        let done = [ended.clone(), message(COMPLETE, b"COMMIT\0"), message(READY, b"I")].concat();
        for piece in [1, 2, 3, 7, 1000] {
            let answers = answers_to(&failed, piece);
            assert!(!answers.is_idle());
            assert!(matches!(answers.cause(), Failure::Conflict(_)), "{:?}", answers.cause());
            let answers = answers_to(&ended, piece);
            assert_eq!((answers.is_idle(), answers.has_committed()), (true, false));
            let answers = answers_to(&done, piece);
            assert_eq!((answers.is_idle(), answers.has_committed()), (true, true));
        }
    }
}
