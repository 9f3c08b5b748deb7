//! Hostile callers, and what becomes of a polite one beside them.

mod calls;
mod connections;
mod frames;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::Status;

use crate::raw::{Raw, connect_from};

pub use frames::{Frames, headers};

/// The longest that a hostile caller takes to be in the way, and a polite call to be answered.
const SOON: Duration = Duration::from_secs(30);
/// Polite calls beside each hostile caller.
const CALLS: u32 = 40;
/// The pause between them.
const PACE: Duration = Duration::from_millis(2);
/// The pause of hostile callers between two rounds.
const PAUSE: Duration = Duration::from_millis(20);
/// The last part of the address that hostile callers connect from, which is not that of the polite one.
const HOST: u8 = 66;

/// A service, and what a hostile caller needs to be believed by it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it serves calls.
    pub address: SocketAddr,
    /// The hostile user's token.
    pub token: String,
    /// The path of a method that answers with one message.
    pub method: &'static str,
    /// The path of a method that answers with a stream that does not end.
    pub stream: &'static str,
    /// A frame with a request of both.
    pub request: Bytes,
    /// The connections that the service takes.
    pub max_connections: usize,
    /// The streams that the service takes.
    pub max_streams: usize,
    in_the_way: Arc<Semaphore>,
}

/// A hostile caller, who does what they do until they are dropped.
#[derive(Debug, Clone, Copy)]
pub struct Hostile {
    /// What they do.
    pub name: &'static str,
    begin: fn(Target) -> BoxFuture<'static, anyhow::Result<()>>,
}

macro_rules! hostile {
    ($($module:ident :: $name:ident),+ $(,)?) => {
        [$(Hostile { name: stringify!($name), begin: |target| Box::pin($module::$name(target)) }),+]
    };
}

/// All hostile callers. Each is a function that calls [`Target::is_in_the_way`] and then never returns.
pub const HOSTILE: &[Hostile] = &hostile![
    calls::reads_no_answers,
    calls::reads_no_streams,
    calls::reads_one_byte_of_each_answer,
    calls::sends_all_but_the_last_byte,
    calls::sends_byte_by_byte,
    calls::sends_too_much,
    calls::sends_a_million_fields,
    calls::sends_large_headers,
    calls::hoards_streams,
    calls::hoards_reflection,
    calls::calls_without_end,
    calls::hangs_up_at_once,
    calls::has_no_token,
    calls::asks_for_unknown_methods,
    connections::says_nothing,
    connections::opens_and_waits,
    connections::speaks_another_protocol,
    frames::sends_tiny_frames,
    frames::floods_with_pings,
    frames::floods_with_settings,
];

impl Target {
    /// A service under attack by a user.
    pub fn new(address: SocketAddr, token: String, method: &'static str, stream: &'static str, request: Bytes) -> Self {
        let in_the_way = Arc::new(Semaphore::new(0));
        Self { address, token, method, stream, request, max_connections: 4_000, max_streams: 1_000, in_the_way }
    }

    /// Says that what a hostile caller wants to do has been done once, and goes on as it is.
    pub fn is_in_the_way(&self) {
        self.in_the_way.add_permits(1);
    }

    /// Says the same between two rounds. Without a pause, a hostile caller would take the processor that the service is tested on.
    async fn again(&self) {
        self.is_in_the_way();
        sleep(PAUSE).await;
    }

    /// A connection of the hostile user.
    pub async fn connect(&self) -> anyhow::Result<Raw> {
        self.connect_with(&h2::client::Builder::new()).await
    }

    /// A connection of the hostile user with other settings than usual.
    pub async fn connect_with(&self, settings: &h2::client::Builder) -> anyhow::Result<Raw> {
        Raw::over(self.tcp().await?, settings, &self.token).await
    }

    /// A connection that the hostile user has not used yet.
    pub async fn tcp(&self) -> std::io::Result<tokio::net::TcpStream> {
        connect_from(HOST, self.address).await
    }
}

/// What the polite caller has seen.
#[derive(Debug)]
pub struct Seen {
    /// Calls that failed, with what they were told.
    pub failed: Vec<Status>,
    /// The time that 99 of 100 calls took at most.
    pub p99: Duration,
}

/// Makes polite calls one after the other.
pub async fn polite(call: &mut impl AsyncFnMut() -> Result<(), Status>) -> anyhow::Result<Seen> {
    let (mut failed, mut took) = (Vec::new(), Vec::new());
    for _ in 0..CALLS {
        let begun = Instant::now();
        if let Err(status) = timeout(SOON, call()).await.context("a polite call has no answer")? {
            failed.push(status);
        }
        took.push(begun.elapsed());
        sleep(PACE).await;
    }
    took.sort_unstable();
    let p99 = took[(took.len() * 99 / 100).min(took.len() - 1)];
    Ok(Seen { failed, p99 })
}

/// Makes polite calls while `hostile` does what they do to `target`.
pub async fn beside(
    hostile: Hostile,
    target: &Target,
    call: &mut impl AsyncFnMut() -> Result<(), Status>,
) -> anyhow::Result<Seen> {
    let target = Target { in_the_way: Arc::new(Semaphore::new(0)), ..target.clone() };
    let in_the_way = Arc::clone(&target.in_the_way);
    let mut attack = JoinSet::new();
    attack.spawn((hostile.begin)(target));
    tokio::select! {
        ended = attack.join_next() => anyhow::bail!("{} gave up: {ended:?}", hostile.name),
        begun = timeout(SOON, in_the_way.acquire()) => drop(begun.context(hostile.name)??),
    }
    polite(call).await
}
