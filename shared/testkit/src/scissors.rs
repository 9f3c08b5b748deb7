//! A wire that is cut at a step: before a request arrives, or after its effect and before the answer.
//!
//! A test that walks through all steps of a piece of work needs no list of them: it cuts at the first, the second and so on, until a run ends
//! without a cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// What is a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// A COMMIT that is sent to PostgreSQL.
    Commits,
    /// A call that is sent by gRPC.
    Calls,
}

/// Where the wire is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The request does not arrive.
    Before,
    /// The request has its effect, and the answer does not arrive.
    After,
}

/// Takes connections and passes them on, until it cuts.
#[derive(Debug)]
pub struct Scissors {
    /// Where it takes connections.
    pub address: SocketAddr,
    state: Arc<State>,
    _task: JoinSet<()>,
}

#[derive(Debug)]
struct State {
    wire: Wire,
    /// The steps to pass before the cut; `usize::MAX` without one.
    left: AtomicUsize,
    after: AtomicBool,
    /// Whether connections are refused, as if the server were gone.
    is_gone: AtomicBool,
    stays_gone: AtomicBool,
    cut: Notify,
}

impl Scissors {
    /// A wire to `server`.
    pub async fn to(server: SocketAddr, wire: Wire) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            wire,
            left: AtomicUsize::new(usize::MAX),
            after: AtomicBool::default(),
            is_gone: AtomicBool::default(),
            stays_gone: AtomicBool::default(),
            cut: Notify::new(),
        });
        let mut task = JoinSet::new();
        task.spawn(pass(listener, server, Arc::clone(&state)));
        Ok(Self { address, state, _task: task })
    }

    /// Cuts at the step after `steps` more. If it `stays` cut, new connections end at once until [`Scissors::mend`].
    pub fn cut_after(&self, steps: usize, side: Side, stays: bool) {
        self.state.after.store(side == Side::After, Ordering::SeqCst);
        self.state.stays_gone.store(stays, Ordering::SeqCst);
        self.state.left.store(steps, Ordering::SeqCst);
    }

    /// Takes connections again after a cut.
    pub fn reconnect(&self) {
        self.state.is_gone.store(false, Ordering::SeqCst);
    }

    /// Passes everything from now on. Returns whether it has cut.
    pub fn mend(&self) -> bool {
        self.reconnect();
        self.state.left.swap(usize::MAX, Ordering::SeqCst) == GONE
    }
}

/// The steps that are left after the cut.
const GONE: usize = usize::MAX - 1;

impl State {
    /// Counts a step. Returns whether to cut at it.
    fn step(&self) -> bool {
        let count = |left| match left {
            usize::MAX | GONE => None,
            0 => Some(GONE),
            left => Some(left - 1),
        };
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count) == Ok(0)
    }

    fn cut(&self) {
        if self.stays_gone.load(Ordering::SeqCst) {
            self.is_gone.store(true, Ordering::SeqCst);
        }
        self.cut.notify_waiters();
    }
}

async fn pass(listener: TcpListener, server: SocketAddr, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((from, _)) = listener.accept().await {
        if !state.is_gone.load(Ordering::SeqCst) {
            let state = Arc::clone(&state);
            connections.spawn(async move {
                // As when the server's machine dies, all connections end at a cut.
                let cut = state.cut.notified();
                tokio::select! { _ended = join(from, server, &state) => {}, () = cut => {} }
            });
        }
    }
}

async fn join(from: TcpStream, server: SocketAddr, state: &State) -> std::io::Result<()> {
    let to = TcpStream::connect(server).await?;
    let ((mut from, mut to_client), (mut answers, mut to)) = (from.into_split(), to.into_split());
    let is_answer_awaited = AtomicBool::default();
    let requests = async {
        let mut marks = Marks::new(state.wire);
        copy(&mut from, &mut to, |bytes| {
            let is_cut = marks.count(bytes) && state.step();
            is_answer_awaited.fetch_or(is_cut, Ordering::SeqCst);
            is_cut && !state.after.load(Ordering::SeqCst)
        })
        .await
    };
    // An answer to the request at which to cut, which has had its effect.
    let answers = async {
        let mut marks = Marks::new(state.wire);
        copy(&mut answers, &mut to_client, |bytes| marks.answers(bytes) && is_answer_awaited.load(Ordering::SeqCst)).await
    };
    tokio::select! { ended = requests => ended?, ended = answers => ended? }
    if is_answer_awaited.load(Ordering::SeqCst) {
        state.cut();
    }
    Ok(())
}

/// Copies until the end, or until `is_cut` returns true for bytes that are then not written.
async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut is_cut: impl FnMut(&[u8]) -> bool,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 || is_cut(&buffer[..length]) {
            return Ok(());
        }
        to.write_all(&buffer[..length]).await?;
    }
}

/// Finds steps in what a client sends.
struct Marks {
    wire: Wire,
    /// What was read of a frame that has not ended, or the end of what was read.
    rest: Vec<u8>,
}

/// A simple query as PostgreSQL's clients send it.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEAD: usize = 9;
const HEADERS: u8 = 1;

impl Marks {
    fn new(wire: Wire) -> Self {
        Self { wire, rest: Vec::new() }
    }

    /// Returns whether a step begins in these bytes.
    fn count(&mut self, bytes: &[u8]) -> bool {
        self.rest.extend_from_slice(bytes);
        match self.wire {
            Wire::Commits => {
                let found = self.rest.windows(COMMIT.len()).rposition(|window| window == COMMIT);
                // What follows may be the beginning of another.
                let read = found.map_or(0, |at| at + COMMIT.len());
                self.rest.drain(..read.max(self.rest.len().saturating_sub(COMMIT.len() - 1)));
                found.is_some()
            }
            Wire::Calls => self.count_frames(),
        }
    }

    /// Returns whether an answer begins in these bytes of the server. PostgreSQL's own messages all answer.
    fn answers(&mut self, bytes: &[u8]) -> bool {
        match self.wire {
            Wire::Commits => true,
            Wire::Calls => self.count(bytes),
        }
    }

    fn count_frames(&mut self) -> bool {
        let mut is_there = false;
        if self.rest.starts_with(PREFACE) {
            self.rest.drain(..PREFACE.len());
        }
        while let [a, b, c, kind, ..] = self.rest[..]
            && let end = FRAME_HEAD + usize::from(a) * 65_536 + usize::from(b) * 256 + usize::from(c)
            && self.rest.len() >= end
        {
            is_there |= kind == HEADERS;
            self.rest.drain(..end);
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_in_pieces_of_any_size() {
        let commits = [b"Q\0\0\0\x0aBEGIN\0".as_slice(), COMMIT, b"x", COMMIT].concat();
        let frame =
            |kind: u8, body: &[u8]| [&[0, 0, u8::try_from(body.len()).expect("short"), kind, 0, 0, 0, 0, 1], body].concat();
        let calls = [PREFACE, &frame(4, b""), &frame(HEADERS, b"abc"), &frame(0, b"Q\x01\x01"), &frame(HEADERS, b"d")].concat();
        for (wire, bytes) in [(Wire::Commits, commits), (Wire::Calls, calls)] {
            for size in [1, 7] {
                let mut marks = Marks::new(wire);
                assert_eq!(bytes.chunks(size).filter(|chunk| marks.count(chunk)).count(), 2, "{wire:?} {size}");
            }
        }
    }
}
