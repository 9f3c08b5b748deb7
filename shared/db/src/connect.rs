//! Connections and their settings.

use std::error::Error as _;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use tokio::task::JoinHandle;
use tokio_postgres::{Config, NoTls};

use crate::limits::Limits;
use crate::statements::StatementSpans;

/// How long a connection may be idle before it is probed, and how long sent data may stay unacknowledged before it counts as lost.
const SILENCE: Duration = Duration::from_secs(10);

/// The address, role and schema of a slice's database: `postgres://role:password@host:port/database`.
///
/// `Debug` prints no password.
#[derive(Clone)]
pub struct ConnectionUrl(Arc<Config>);

impl std::fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ConnectionUrl").field(&self.0.get_hosts()).field(&self.0.get_dbname()).finish()
    }
}

/// A database URL that cannot be parsed. The error does not repeat the URL, which holds a password.
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
    /// Returns the role, or an empty text without one.
    pub(crate) fn role(&self) -> &str {
        self.0.get_user().unwrap_or_default()
    }

    /// Returns the configuration of sessions that serve calls.
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
        // PostgreSQL's own timeouts do not help when the server or the network disappears silently.
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE).keepalives_retries(2).tcp_user_timeout(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name("orchard");
        }
        config
    }

    /// Returns the configuration of a session that migrates, which may work long and wait long for its turn.
    pub(crate) fn unlimited(&self) -> Config {
        (*self.0).clone()
    }
}

/// Opens a connection, and a task that drives it until it is lost or dropped.
///
/// A refusal's message begins with its SQLSTATE, because diesel's error has no field for it.
pub(crate) async fn establish(config: &Config) -> ConnectionResult<(AsyncPgConnection, JoinHandle<()>)> {
    let (client, connection) = config.connect(NoTls).await.map_err(|error| {
        ConnectionError::BadConnection(match error.as_db_error() {
            Some(refused) => format!("{} {}", refused.code().code(), refused.message()),
            // The error's own message does not include its cause.
            None => error.source().map_or_else(|| error.to_string(), ToString::to_string),
        })
    })?;
    // diesel's own driver makes each statement listen for the end of the connection, which is not needed to notice it.
    #[expect(clippy::disallowed_methods, reason = "ends with its connection")]
    let driver = tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%cause, "a connection to the database has ended");
        }
    });
    let mut connection = AsyncPgConnection::try_from(client).await?;
    connection.set_instrumentation(StatementSpans::default());
    Ok((connection, driver))
}
