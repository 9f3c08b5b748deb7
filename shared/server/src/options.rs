//! Settings. Each is a flag and an environment variable; secrets may also be in a file.

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

/// The default address of health and metrics.
pub(crate) const ADMIN_LISTEN: &str = "0.0.0.0:50061";

/// Settings of a service that serves calls.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving")]
pub struct ServeOptions {
    /// Address to serve calls on
    #[arg(long, env = "ORCHARD_LISTEN", default_value = "0.0.0.0:50051", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Address to serve grpc.health.v1.Health, /healthz, /readyz and /metrics on, apart from calls so that load does not block them
    #[arg(long, env = "ORCHARD_ADMIN_LISTEN", default_value = ADMIN_LISTEN, value_name = "ADDRESS")]
    pub admin_listen: SocketAddr,
    /// Serve gRPC reflection
    #[arg(long, env = "ORCHARD_REFLECTION", default_value_t = false, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub reflection: bool,
    /// Worker threads; 1 costs the least CPU per call, so add replicas before threads
    #[arg(long, env = "ORCHARD_WORKERS", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256), value_name = "NUMBER")]
    pub workers: u16,
    /// Format of the log
    #[arg(long, env = "ORCHARD_LOG_FORMAT", default_value = "json", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Log levels by target, such as info,orchard_calls=debug for a line per call; other crates never log in more detail than info
    #[arg(long, env = "ORCHARD_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// Folder of compiled time zones, such as /usr/share/zoneinfo, if its rules are newer than the release's
    #[arg(long, env = "ORCHARD_ZONEINFO", value_name = "FOLDER")]
    pub zoneinfo: Option<PathBuf>,
    /// Traces
    #[command(flatten)]
    pub traces: TraceOptions,
    /// Token verification
    #[command(flatten)]
    pub identity: IdentityOptions,
    /// TLS of the listener
    #[command(flatten)]
    pub tls: ListenerTlsOptions,
    /// Limits
    #[command(flatten)]
    pub limits: LimitOptions,
}

/// Settings of a slice's database.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// URL of the database: postgres://role:password@host:port/database; the role's search_path selects the schema
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", conflicts_with = "database_url_file")]
    database_url: Option<Secret>,
    /// File with the database URL, which keeps the password out of the environment
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// Largest number of connections for writes; reads share two more
    #[arg(long, env = "ORCHARD_DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "NUMBER")]
    pub database_connections: u16,
    /// Time limit of a statement
    #[arg(long, env = "ORCHARD_STATEMENT_TIMEOUT", default_value = "5s", value_parser = some_duration, value_name = "DURATION")]
    statement_timeout: Duration,
    /// Time limit of a call's wait for a free connection
    #[arg(long, env = "ORCHARD_POOL_WAIT", default_value = "200ms", value_parser = duration, value_name = "DURATION")]
    pool_wait: Duration,
}

/// A secret setting, which is never printed.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl DatabaseOptions {
    /// Returns options for the database at `url`.
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

    /// Returns the URL, from its option or its file.
    pub fn url(&self) -> anyhow::Result<ConnectionUrl> {
        let text = match (&self.database_url, &self.database_url_file) {
            (Some(Secret(url)), _) => url.clone(),
            (None, Some(file)) => String::from_utf8(secret(file)?).context("the database URL file is not text")?,
            (None, None) => bail!("no database: set --database-url, --database-url-file or DATABASE_URL"),
        };
        Ok(text.parse()?)
    }

    /// Returns the limits of database sessions that serve calls.
    pub fn limits(&self) -> Limits {
        Limits { statement: self.statement_timeout, pool_wait: self.pool_wait, ..Limits::default() }
    }
}

/// Reads a secret from a file.
pub fn secret(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let options = DatabaseOptions::for_url("postgres://me:hunter2@localhost/db", 1);
        let printed = format!("{options:?} {:?}", options.url().expect("url"));
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
