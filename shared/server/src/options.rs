//! Configuration: each setting a flag and an environment variable, secrets also a file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use orchard_db::{ConnectionUrl, Limits};
use orchard_tls::ListenerTlsOptions;

use crate::duration::{duration, some_duration};
use crate::identity::IdentityOptions;
use crate::limits::LimitOptions;
use crate::telemetry::{LogFormat, TraceOptions};

/// Where health and metrics are served unless a setting says otherwise.
pub(crate) const ADMIN_LISTEN: &str = "0.0.0.0:50061";

/// How a service listens, whom it believes, what it logs, how it ends.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving")]
pub struct ServeOptions {
    /// Address that serves calls
    #[arg(long, env = "ORCHARD_LISTEN", default_value = "0.0.0.0:50051", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Address that serves grpc.health.v1.Health and /metrics, apart from calls so that load never hides them
    #[arg(long, env = "ORCHARD_ADMIN_LISTEN", default_value = ADMIN_LISTEN, value_name = "ADDRESS")]
    pub admin_listen: SocketAddr,
    /// Whether to serve gRPC reflection
    #[arg(long, env = "ORCHARD_REFLECTION", default_value_t = false, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub reflection: bool,
    /// Worker threads; 1 is the cheapest per call: add replicas before threads
    #[arg(long, env = "ORCHARD_WORKERS", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256), value_name = "NUMBER")]
    pub workers: u16,
    /// How logs look
    #[arg(long, env = "ORCHARD_LOG_FORMAT", default_value = "json", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// What is logged: levels by target (info,orchard_calls=debug has a line for each call); of what others than Orchard write never more than info
    #[arg(long, env = "ORCHARD_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// Where it sends traces
    #[command(flatten)]
    pub traces: TraceOptions,
    /// Whom it believes
    #[command(flatten)]
    pub identity: IdentityOptions,
    /// How it proves its name to callers
    #[command(flatten)]
    pub tls: ListenerTlsOptions,
    /// What it takes on at most
    #[command(flatten)]
    pub limits: LimitOptions,
}

/// Where a slice's database is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// postgres://role:password@host:port/database; the role's search_path chooses the schema
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", conflicts_with = "database_url_file")]
    database_url: Option<Text>,
    /// File that holds the URL, which keeps the password out of the environment
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// Connections of this process for what writes, at most; reads share two more
    #[arg(long, env = "ORCHARD_DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "NUMBER")]
    pub database_connections: u16,
    /// Longest that a statement may take
    #[arg(long, env = "ORCHARD_STATEMENT_TIMEOUT", default_value = "5s", value_parser = some_duration, value_name = "DURATION")]
    statement_timeout: Duration,
    /// Longest that a call waits for a free connection
    #[arg(long, env = "ORCHARD_POOL_WAIT", default_value = "200ms", value_parser = duration, value_name = "DURATION")]
    pool_wait: Duration,
}

/// A setting that is never printed.
#[derive(Clone)]
pub struct Text(String);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl DatabaseOptions {
    /// Options for a database known by its URL.
    pub fn for_url(url: &str, connections: u16) -> Self {
        let limits = Limits::default();
        Self {
            database_url: Some(url.into()),
            database_url_file: None,
            database_connections: connections,
            statement_timeout: limits.statement,
            pool_wait: limits.pool_wait,
        }
    }

    /// The URL.
    pub fn url(&self) -> anyhow::Result<ConnectionUrl> {
        let text = match (&self.database_url, &self.database_url_file) {
            (Some(Text(url)), _) => url.clone(),
            (None, Some(file)) => String::from_utf8(secret(file)?).context("the database URL's file is not text")?,
            (None, None) => bail!("no database: give --database-url, --database-url-file or DATABASE_URL"),
        };
        Ok(text.parse()?)
    }

    /// The limits of sessions that serve calls.
    pub fn limits(&self) -> Limits {
        Limits { statement: self.statement_timeout, pool_wait: self.pool_wait, ..Limits::default() }
    }
}

/// Reads a secret from its file.
pub fn secret(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print() {
        let options = DatabaseOptions::for_url("postgres://me:hunter2@localhost/db", 1);
        let printed = format!("{options:?} {:?}", options.url().expect("url"));
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
