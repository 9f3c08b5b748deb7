//! Connections and their settings.

use std::error::Error as _;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::tls::TlsConnect as _;
use tokio_postgres::{Config, NoTls};

use crate::answers::{Answers, Era, Watch};
use crate::limits::Limits;
use crate::session::Session;
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

/// A database URL that cannot be used. The error does not repeat the URL, which holds a password.
#[derive(Debug, thiserror::Error)]
pub enum InvalidUrl {
    /// It cannot be parsed.
    #[error("the database URL is not of the form postgres://role:password@host:port/database")]
    Malformed,
    /// It asks for TLS, which services do not speak to the database.
    #[error("the database URL asks for TLS by sslmode=require: connections to the database are not encrypted")]
    Tls,
}

impl FromStr for ConnectionUrl {
    type Err = InvalidUrl;

    fn from_str(url: &str) -> Result<Self, InvalidUrl> {
        let config = Config::from_str(url.trim()).map_err(|_| InvalidUrl::Malformed)?;
        match config.get_ssl_mode() {
            _ if config.get_hosts().is_empty() => Err(InvalidUrl::Malformed),
            SslMode::Disable | SslMode::Prefer => Ok(Self(Arc::new(config))),
            _ => Err(InvalidUrl::Tls),
        }
    }
}

impl ConnectionUrl {
    /// Returns the role, or an empty text without one.
    pub(crate) fn role(&self) -> &str {
        self.0.get_user().unwrap_or_default()
    }

    /// Returns the configuration of sessions that serve calls.
    pub(crate) fn session(&self, limits: &Limits) -> Dial {
        // Not as options of the connection, which poolers refuse.
        let limit = |name: &str, limit: Duration| format!("set_config('{name}', '{}', false)", limit.as_millis());
        let settings = format!(
            "SELECT {}, {}, {}",
            limit("statement_timeout", limits.statement),
            limit("lock_timeout", limits.lock),
            limit("idle_in_transaction_session_timeout", limits.idle_in_transaction),
        );
        let mut config = (*self.0).clone();
        config.connect_timeout(limits.connect);
        // PostgreSQL's own timeouts do not help when the server or the network disappears silently.
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE).keepalives_retries(2).tcp_user_timeout(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name("orchard");
        }
        Dial { config, settings: Some(settings) }
    }

    /// Returns the configuration of a session that migrates, which may work long and wait long for its turn.
    pub(crate) fn unlimited(&self) -> Dial {
        Dial { config: (*self.0).clone(), settings: None }
    }
}

/// How sessions are opened.
#[derive(Debug)]
pub(crate) struct Dial {
    config: Config,
    /// A statement that sets what holds for the whole session.
    settings: Option<String>,
}

/// Opens a session, with a task that drives its connection until it is lost or dropped.
///
/// A refusal's message begins with its SQLSTATE, because diesel's error has no field for it.
pub(crate) async fn establish(dial: &Dial, era: &Era) -> ConnectionResult<Session> {
    // Boxed, because it is a large part of every future that may have to wait for a connection.
    Box::pin(open(dial, era)).await
}

async fn open(dial: &Dial, era: &Era) -> ConnectionResult<Session> {
    let (config, answers) = (&dial.config, Arc::new(Answers::new(era)));
    let watch = Watch(Arc::clone(&answers));
    let (client, driver) = match config.get_hosts() {
        [Host::Unix(folder), ..] => {
            let port = config.get_ports().first().copied().unwrap_or(5432);
            let socket = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await;
            let socket = watch.connect(socket.map_err(|error| ConnectionError::BadConnection(error.to_string()))?).await;
            let connected = config.connect_raw(socket.unwrap_or_else(|never| match never {}), NoTls).await;
            connected.map(|(client, connection)| (client, drive(connection)))
        }
        // The driver hands each socket to its TLS at once, which is how to get between the two. There is no TLS.
        _ => {
            let mut config = config.clone();
            config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
            config.connect(watch).await.map(|(client, connection)| (client, drive(connection)))
        }
    }
    .map_err(refused)?;
    if let Some(settings) = &dial.settings {
        client.batch_execute(settings).await.map_err(refused)?;
    }
    let mut connection = AsyncPgConnection::try_from(client).await?;
    connection.set_instrumentation(StatementSpans::default());
    Ok(Session { connection, answers, driver })
}

fn refused(error: tokio_postgres::Error) -> ConnectionError {
    ConnectionError::BadConnection(match error.as_db_error() {
        Some(refused) => format!("{} {}", refused.code().code(), refused.message()),
        // The error's own message does not include its cause.
        None => error.source().map_or_else(|| error.to_string(), ToString::to_string),
    })
}

// diesel's own driver makes each statement listen for the end of the connection, which is not needed to notice it.
fn drive(connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static) -> JoinHandle<()> {
    #[expect(clippy::disallowed_methods, reason = "ends with its connection")]
    tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%cause, "a connection to the database has ended");
        }
    })
}
