//! Calls in a closed loop: so many at once, each followed by the next.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use super::figures::quantile;
use crate::grpc::status;

/// Calls at once, and pgbench's clients.
pub const IN_FLIGHT: usize = 16;
/// Connections that they share.
const CONNECTIONS: usize = 4;

/// Makes the call with this number; numbers never repeat.
pub type Call = Arc<dyn Fn(u64) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

/// How fast something was.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// From the first call to the last answer.
    pub time: Duration,
    /// Milliseconds that half of the calls took at most.
    pub p50: f64,
    /// Milliseconds that 99 of 100 took at most.
    pub p99: f64,
}

impl Pace {
    /// Of calls that took so many milliseconds each.
    pub fn of(time: Duration, mut milliseconds: Vec<f64>) -> Self {
        milliseconds.sort_by(f64::total_cmp);
        Self { time, p50: quantile(&milliseconds, 0.5), p99: quantile(&milliseconds, 0.99) }
    }
}

/// Makes the calls `numbers`, so many at once. One that is refused is an error.
pub async fn run(call: &Call, numbers: Range<u64>, at_once: usize) -> Result<Pace> {
    let mut lanes = JoinSet::new();
    let start = Instant::now();
    for lane in 0..at_once {
        let (call, numbers) = (Arc::clone(call), numbers.clone().skip(lane).step_by(at_once));
        lanes.spawn(async move {
            let mut took = Vec::with_capacity(numbers.size_hint().0);
            for number in numbers {
                let begin = Instant::now();
                call(number).await?;
                took.push(begin.elapsed().as_secs_f64() * 1e3);
            }
            Ok::<_, Status>(took)
        });
    }
    let mut all = Vec::new();
    while let Some(lane) = lanes.join_next().await {
        let took = lane.context("a lane of calls ended")?;
        all.extend(took.map_err(|refusal| anyhow!("a call was refused: {}", status::describe(&refusal)))?);
    }
    Ok(Pace::of(start.elapsed(), all))
}

/// Connections to one listener, used in turn.
#[derive(Clone, Debug)]
pub struct Channels(Arc<[Channel]>);

impl Channels {
    /// Opens them.
    pub async fn to(port: u16) -> Result<Self> {
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?.tcp_nodelay(true);
            channels.push(endpoint.connect().await.with_context(|| format!("cannot connect to 127.0.0.1:{port}"))?);
        }
        Ok(Self(channels.into()))
    }

    /// That of the call with this number.
    pub fn of(&self, number: u64) -> Channel {
        self.0[number as usize % self.0.len()].clone()
    }
}
