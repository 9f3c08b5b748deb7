//! Metrics as a scraper reads them.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A whole answer to one request of HTTP/1.1.
pub async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut tcp = TcpStream::connect(address).await?;
    tcp.write_all(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// What was scraped.
#[derive(Debug)]
pub struct Metrics(String);

impl Metrics {
    /// Scrapes a service's admin port.
    pub async fn of(admin: SocketAddr) -> anyhow::Result<Self> {
        let answer = get(admin, "/metrics").await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer of HTTP/1.1")?;
        anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
        Ok(Self(body.to_owned()))
    }

    /// The sum of all series of that name which have these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let series = self.0.lines().filter_map(|line| line.rsplit_once(' ')).filter(|(series, _)| {
            let (its, rest) = series.split_once('{').unwrap_or((series, ""));
            its == name && labels.iter().all(|(label, value)| rest.contains(&format!("{label}=\"{value}\"")))
        });
        series.filter_map(|(_, value)| value.parse::<f64>().ok()).sum()
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.0
    }
}
