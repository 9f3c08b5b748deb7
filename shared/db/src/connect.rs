//! Connections with the limits of every session.

use std::error::Error as _;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use tokio::task::JoinHandle;
use tokio_postgres::{Config, NoTls};

use crate::Limits;
use crate::statements::Statements;

/// How long a connection may be silent, or what was sent unacknowledged, before it counts as lost.
const SILENCE: Duration = Duration::from_secs(10);

/// Where a slice's database is, as whom, and in which schema: `postgres://role:password@host:port/database`.
///
/// It never prints its password.
#[derive(Clone)]
pub struct ConnectionUrl(Arc<Config>);

impl std::fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ConnectionUrl").field(&self.0.get_hosts()).field(&self.0.get_dbname()).finish()
    }
}

/// A database URL that cannot be read. It does not repeat the URL, which holds a password.
#[derive(Debug, thiserror::Error)]
#[error("the database URL is not of the form postgres://role:password@host:port/database")]
pub struct InvalidUrl;

impl FromStr for ConnectionUrl {
    type Err = InvalidUrl;

    fn from_str(url: &str) -> Result<Self, InvalidUrl> {
        let config = Config::from_str(url.trim()).map_err(|_| InvalidUrl)?;
        if config.get_hosts().is_empty() { Err(InvalidUrl) } else { Ok(Self(Arc::new(config))) }
    }
}

impl ConnectionUrl {
    /// As whom.
    pub(crate) fn role(&self) -> &str {
        self.0.get_user().unwrap_or_default()
    }

    /// The configuration of sessions that serve calls.
    pub(crate) fn session(&self, limits: &Limits) -> Config {
        let mut config = (*self.0).clone();
        let options = format!(
            "{} -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={}",
            config.get_options().unwrap_or_default(),
            limits.statement.as_millis(),
            limits.lock.as_millis(),
            limits.idle_in_transaction.as_millis(),
        );
        config.options(options).connect_timeout(limits.connect);
        // PostgreSQL's own limits are of no use when it, or the path to it, is gone without a word.
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE).keepalives_retries(2).tcp_user_timeout(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name("orchard");
        }
        config
    }

    /// The configuration of a session that migrates, which may take long and wait long for its turn.
    pub(crate) fn unlimited(&self) -> Config {
        (*self.0).clone()
    }
}

/// Opens a connection, and the task that drives it, which ends when it is lost or dropped. The SQLSTATE of a refusal leads its
/// message, because diesel's error has no place for it.
pub(crate) async fn establish(config: &Config) -> ConnectionResult<(AsyncPgConnection, JoinHandle<()>)> {
    let (client, connection) = config.connect(NoTls).await.map_err(|error| {
        ConnectionError::BadConnection(match error.as_db_error() {
            Some(refused) => format!("{} {}", refused.code().code(), refused.message()),
            // Its own words do not say what its cause does.
            None => error.source().map_or_else(|| error.to_string(), ToString::to_string),
        })
    })?;
    // Not by diesel, which has each statement listen for the end of its connection: statements hear of it without that.
    #[expect(clippy::disallowed_methods, reason = "ends with its connection")]
    let driver = tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%cause, "a connection to the database has ended");
        }
    });
    let mut connection = AsyncPgConnection::try_from(client).await?;
    connection.set_instrumentation(Statements::default());
    Ok((connection, driver))
}
