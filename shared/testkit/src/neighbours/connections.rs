//! Those who make connections and little else.

use std::future::pending;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use super::Target;

/// Connects more often than the service takes connections, and goes on when it is thrown out.
async fn connect_often(target: Target, greeting: &'static [u8]) -> anyhow::Result<()> {
    let mut open = Vec::new();
    for _ in 0..target.max_connections + 50 {
        let mut tcp = target.tcp().await?;
        // The server may have closed it at once.
        let _ = tcp.write_all(greeting).await;
        open.push(tcp);
        tokio::task::yield_now().await;
    }
    target.is_in_the_way();
    loop {
        open.remove(0);
        let mut tcp = target.tcp().await?;
        let _ = tcp.write_all(greeting).await;
        open.push(tcp);
        sleep(Duration::from_millis(1)).await;
    }
}

pub(super) async fn says_nothing(target: Target) -> anyhow::Result<()> {
    connect_often(target, b"").await
}

pub(super) async fn speaks_another_protocol(target: Target) -> anyhow::Result<()> {
    connect_often(target, b"GET / HTTP/1.1\r\n\r\n").await
}

pub(super) async fn opens_and_waits(target: Target) -> anyhow::Result<()> {
    let mut idle = Vec::new();
    for _ in 0..target.max_connections + 50 {
        // Answers pings as long as it is let in.
        idle.push(target.connect().await);
    }
    target.is_in_the_way();
    pending().await
}
