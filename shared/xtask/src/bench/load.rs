//! Makes calls in a closed loop.

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

/// Concurrent calls, and clients of pgbench.
pub const IN_FLIGHT: usize = 16;
/// Connections that the calls share.
const CONNECTIONS: usize = 4;

/// Makes the call with a number; numbers never repeat.
pub type Call = Arc<dyn Fn(u64) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

/// The duration and latencies of a round.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// From the first call to the last answer.
    pub time: Duration,
    /// Median latency in milliseconds.
    pub p50: f64,
    /// 99th percentile of latency in milliseconds.
    pub p99: f64,
}

impl Pace {
    /// Computes it from the latency of each call in milliseconds.
    pub fn of(time: Duration, mut milliseconds: Vec<f64>) -> Self {
        milliseconds.sort_by(f64::total_cmp);
        Self { time, p50: quantile(&milliseconds, 0.5), p99: quantile(&milliseconds, 0.99) }
    }
}

/// Makes the calls `numbers`, `at_once` of them concurrently. A refused call is an error.
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
        let took = lane.context("a lane of calls panicked")?;
        all.extend(took.map_err(|refusal| anyhow!("a call was refused: {}", status::describe(&refusal)))?);
    }
    Ok(Pace::of(start.elapsed(), all))
}

/// Connections to one service, used in turn.
#[derive(Clone, Debug)]
pub struct Channels(Arc<[Channel]>);

impl Channels {
    /// Opens the connections.
    pub async fn to(port: u16) -> Result<Self> {
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?.tcp_nodelay(true);
            channels.push(endpoint.connect().await.with_context(|| format!("cannot connect to 127.0.0.1:{port}"))?);
        }
        Ok(Self(channels.into()))
    }

    /// Returns the connection for the call with this number.
    pub fn of(&self, number: u64) -> Channel {
        self.0[number as usize % self.0.len()].clone()
    }
}
