//! What goes wrong with a database, and what a client is told of it. No failure holds a value of a row.

use std::time::Duration;

use diesel::ConnectionError;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use diesel_async::pooled_connection::PoolError as ConnectError;
use diesel_async::pooled_connection::deadpool::PoolError;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, common};

use crate::UnitError;
use crate::words::without_values;

/// A failure of the database, or of the path to it; not a refusal by a rule of the slice.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A constraint refused a row. Slices map the names that clients can cause; the rest are faults.
    #[error("constraint {name} refused a row: {message}")]
    Constraint {
        /// The constraint's name.
        name: String,
        /// PostgreSQL's words, without the row's values.
        message: String,
    },
    /// Others wrote the same rows, and the unit of work was rolled back.
    #[error("conflicting writes: {0}")]
    Conflict(String),
    /// Others hold a lock for longer than a unit of work waits.
    #[error("a lock was not to be had: {0}")]
    Locked(String),
    /// PostgreSQL ended the statement because it took too long.
    #[error("statement took too long: {0}")]
    TimedOut(String),
    /// No connection was free in time.
    #[error("no free connection: {0}")]
    Busy(String),
    /// PostgreSQL cannot be reached, is stopping or starting, or is out of disk.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The caller used a `request_id` again for another request.
    #[error("the request_id was used for another request")]
    RequestIdReused,
    /// Anything else: a fault of ours.
    #[error("database fault: {0}")]
    Internal(String),
}

impl Failure {
    /// Whether the unit of work may simply be done again.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// What a client is told: never SQL, a SQLSTATE or a value of a row. Faults are logged in full here.
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Constraint { .. } | Self::Internal(_) => {
                tracing::error!(fault = %self, "database fault");
                common(ErrorReason::Internal, "internal fault")
            }
            Self::Conflict(_) | Self::Locked(_) => {
                common(ErrorReason::ConflictingWrites, "others changed the same data; try again")
            }
            Self::TimedOut(_) => common(ErrorReason::DeadlineExceeded, "the work did not end in its time"),
            Self::Busy(_) => {
                common(ErrorReason::Overloaded, "the service is at its limit").retry_after(Duration::from_millis(500))
            }
            Self::Unavailable(_) => {
                tracing::warn!(cause = %self, "database unavailable");
                common(ErrorReason::DatabaseUnavailable, "the database cannot be reached")
            }
            Self::RequestIdReused => common(ErrorReason::RequestIdReused, "the request_id was used for another request"),
        }
    }
}

/// For units of work that refuse nothing.
impl UnitError for Failure {
    fn failure(&self) -> Option<&Failure> {
        Some(self)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(kind, info) => from_database(&kind, info.as_ref()),
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            Error::BrokenTransactionManager | Error::NotInTransaction => Self::Unavailable(error.to_string()),
            other => Self::Internal(without_values(&other.to_string())),
        }
    }
}

fn from_database(kind: &DatabaseErrorKind, info: &dyn DatabaseErrorInformation) -> Failure {
    let message = without_values(info.message());
    match kind {
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::ExclusionViolation
        | DatabaseErrorKind::RestrictViolation
        | DatabaseErrorKind::NotNullViolation => {
            Failure::Constraint { name: info.constraint_name().unwrap_or_default().to_owned(), message }
        }
        DatabaseErrorKind::SerializationFailure => Failure::Conflict(message),
        // Read-only is a standby, where a failover left the name pointing: another connection may find the new primary.
        DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::ReadOnlyTransaction => {
            Failure::Unavailable(message)
        }
        DatabaseErrorKind::Unknown => from_message(info.message(), message),
        _ => Failure::Internal(message),
    }
}

/// What a message of PostgreSQL's makes.
type Reading = fn(String) -> Failure;

/// diesel-async keeps no SQLSTATE for these, so the beginnings of PostgreSQL's own words decide: English, as the roles set
/// `lc_messages`. Beginnings only, because what follows may quote names and values. The first that fits counts.
const WORDS: &[(&str, Reading)] = &[
    ("deadlock detected", Failure::Conflict),
    ("canceling statement due to lock timeout", Failure::Locked),
    ("could not obtain lock on", Failure::Locked),
    ("canceling statement due to statement timeout", Failure::TimedOut),
    ("canceling statement due to user request", Failure::TimedOut),
    ("out of memory", Failure::Busy),
    ("out of shared memory", Failure::Busy),
    ("terminating connection", Failure::Unavailable),
    // Out of disk; "wrote only 4096 of 8192 bytes" is another form of it.
    ("could not extend file", Failure::Unavailable),
    // Servers refuse connections with these, and poolers pass them on in the midst of one.
    ("the database system is", Failure::Unavailable),
    ("sorry, too many clients already", Failure::Busy),
    ("remaining connection slots are reserved", Failure::Busy),
    ("too many connections for", Failure::Busy),
];

/// `said` decides, and `message` is what may be kept of it.
fn from_message(said: &str, message: String) -> Failure {
    match WORDS.iter().find(|(beginning, _)| said.starts_with(beginning)) {
        Some((_, failure)) => failure(message),
        None if said.ends_with("No space left on device") => Failure::Unavailable(message),
        None => Failure::Internal(message),
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(deadpool::managed::TimeoutType::Wait) => Self::Busy("pool".to_owned()),
            PoolError::Timeout(_) | PoolError::Closed => Self::Unavailable(error.to_string()),
            PoolError::Backend(ConnectError::ConnectionError(cause)) => cause.into(),
            PoolError::Backend(ConnectError::QueryError(cause)) => cause.into(),
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Self::Internal(error.to_string()),
        }
    }
}

/// A database that refuses a connection is unavailable whatever the cause, a wrong password included: the next attempt may find it mended.
impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        let message = error.to_string();
        if message.starts_with("53300") { Self::Busy(message) } else { Self::Unavailable(message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt as _;

    #[test]
    fn each_failure_has_its_reason_and_says_nothing_of_sql() {
        let secret = || "SELECT secret".to_owned();
        let table = [
            (Failure::Constraint { name: secret(), message: secret() }, "INTERNAL"),
            (Failure::Conflict(secret()), "CONFLICTING_WRITES"),
            (Failure::Locked(secret()), "CONFLICTING_WRITES"),
            (Failure::TimedOut(secret()), "DEADLINE_EXCEEDED"),
            (Failure::Busy(secret()), "OVERLOADED"),
            (Failure::Unavailable(secret()), "DATABASE_UNAVAILABLE"),
            (Failure::RequestIdReused, "REQUEST_ID_REUSED"),
            (Failure::Internal(secret()), "INTERNAL"),
        ];
        for (failure, reason) in table {
            let status = failure.into_refusal().into_status("orchard.test");
            assert!(!format!("{status:?}").contains("secret"), "{status:?}");
            let details = status.get_error_details();
            assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some(reason));
            assert_eq!(details.retry_info().is_some(), reason == "OVERLOADED", "{reason}");
        }
    }
}
