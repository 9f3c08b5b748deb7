//! Failures of the database, and their refusals. No failure contains a value of a row.

use std::time::Duration;

use deadpool::managed::{PoolError, TimeoutType};
use diesel::ConnectionError;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, common};

use crate::redact::without_values;

/// A failure of the database or of the connection to it. Refusals by rules of the slice are another type.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A constraint refused a row. Slices map the constraints that clients can violate; the others are faults.
    #[error("constraint {name} refused a row: {message}")]
    Constraint {
        /// The constraint's name.
        name: String,
        /// PostgreSQL's message, without values of the row.
        message: String,
    },
    /// Another transaction wrote the same rows, and the unit of work was rolled back.
    #[error("conflicting writes: {0}")]
    Conflict(String),
    /// Another transaction held a lock for longer than `lock_timeout`.
    #[error("lock not acquired in time: {0}")]
    Locked(String),
    /// A statement took longer than `statement_timeout`, or was canceled.
    #[error("statement took too long: {0}")]
    TimedOut(String),
    /// No connection was free in time.
    #[error("no free connection: {0}")]
    Busy(String),
    /// PostgreSQL cannot be reached, is starting or stopping, or has no space left on its disk.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The caller used a `request_id` for two different requests.
    #[error("the request_id was used for another request")]
    RequestIdReused,
    /// A migration has changed what a statement was prepared for. Another session prepares it again.
    #[error("the schema has changed: {0}")]
    Outdated(String),
    /// An earlier statement of the transaction failed. A unit of work returns that statement's failure instead.
    #[error("the transaction had failed: {0}")]
    Aborted(String),
    /// Anything else, which is a fault of this program.
    #[error("database fault: {0}")]
    Internal(String),
}

impl Failure {
    /// Returns whether the same unit of work may succeed if it is run again.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Outdated(_))
    }

    /// Returns whether the database failed as a whole, so that another unit of work would fail too.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Busy(_))
    }

    /// Returns the failure that an error with this SQLSTATE means.
    pub(crate) fn of_state(state: &str, said: &str, name: &str) -> Self {
        let message = without_values(said);
        match state {
            "40001" => Self::Conflict(message),
            "23502" | "23503" | "23505" | "23514" | "23001" | "23P01" => {
                Self::Constraint { name: constraint(name, said), message }
            }
            _ => from_message(said, message),
        }
    }

    /// Returns the refusal that a client receives, which never contains SQL, a SQLSTATE or a value of a row. Logs faults in full.
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Constraint { .. } | Self::Aborted(_) | Self::Internal(_) => {
                tracing::error!(fault = %self, "database fault");
                common(ErrorReason::Internal, "internal fault")
            }
            Self::Conflict(_) | Self::Locked(_) => {
                common(ErrorReason::ConflictingWrites, "another call changed the same data; try again")
            }
            Self::TimedOut(_) => common(ErrorReason::DeadlineExceeded, "the work did not end in time"),
            Self::Busy(_) => {
                common(ErrorReason::Overloaded, "the service is at its limit").retry_after(Duration::from_millis(500))
            }
            Self::Outdated(_) | Self::Unavailable(_) => {
                tracing::warn!(cause = %self, "database unavailable");
                common(ErrorReason::DatabaseUnavailable, "the database cannot be reached")
            }
            Self::RequestIdReused => common(ErrorReason::RequestIdReused, "the request_id was used for another request"),
        }
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
            Failure::Constraint { name: constraint(info.constraint_name().unwrap_or_default(), info.message()), message }
        }
        DatabaseErrorKind::SerializationFailure => Failure::Conflict(message),
        // Read-only: after a failover the name may still lead to a standby. Another connection may reach the new primary.
        DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::ReadOnlyTransaction => {
            Failure::Unavailable(message)
        }
        DatabaseErrorKind::Unknown => from_message(info.message(), message),
        _ => Failure::Internal(message),
    }
}

/// Returns a constraint's name, which distributed databases leave out or end with the number of a shard.
fn constraint(name: &str, said: &str) -> String {
    // PostgreSQL names the constraint last, and quotes no value before it.
    let quoted = || said.split_once("constraint \"")?.1.split_once('"').map(|(name, _)| name);
    let name = if name.is_empty() { quoted().unwrap_or_default() } else { name };
    match name.rsplit_once('_') {
        Some((constraint, shard)) if !shard.is_empty() && shard.bytes().all(|byte| byte.is_ascii_digit()) => {
            constraint.to_owned()
        }
        _ => name.to_owned(),
    }
}

type IntoFailure = fn(String) -> Failure;

/// Beginnings of PostgreSQL's messages and the failures that they mean, because diesel-async keeps no SQLSTATE for these.
///
/// Messages are in English, as the roles set `lc_messages`. What follows the beginning may quote names and values. The first match
/// counts.
const MESSAGES: &[(&str, IntoFailure)] = &[
    ("deadlock detected", Failure::Conflict),
    ("cached plan must not change result type", Failure::Outdated),
    ("current transaction is aborted", Failure::Aborted),
    ("canceling statement due to lock timeout", Failure::Locked),
    ("could not obtain lock on", Failure::Locked),
    ("canceling statement due to statement timeout", Failure::TimedOut),
    ("canceling statement due to user request", Failure::TimedOut),
    ("prepared statement \"", |message| {
        Failure::Unavailable(format!("{message}: if there is a pooler, its mode must be `session`"))
    }),
    ("out of memory", Failure::Busy),
    ("out of shared memory", Failure::Busy),
    ("terminating connection", Failure::Unavailable),
    // No space left on the disk. "wrote only 4096 of 8192 bytes" is another form of this message.
    ("could not extend file", Failure::Unavailable),
    // Servers refuse connections with these messages, and poolers pass them on within an open connection.
    ("the database system is", Failure::Unavailable),
    ("sorry, too many clients already", Failure::Busy),
    ("remaining connection slots are reserved", Failure::Busy),
    ("too many connections for", Failure::Busy),
];

/// Returns the failure that the original message `said` means, with `message`, which is the part without values.
fn from_message(said: &str, message: String) -> Failure {
    match MESSAGES.iter().find(|(beginning, _)| said.starts_with(beginning)) {
        Some((_, failure)) => failure(message),
        None if said.ends_with("No space left on device") => Failure::Unavailable(message),
        None => Failure::Internal(message),
    }
}

impl From<PoolError<ConnectionError>> for Failure {
    fn from(error: PoolError<ConnectionError>) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Self::Busy("pool".to_owned()),
            PoolError::Timeout(_) | PoolError::Closed => Self::Unavailable(error.to_string()),
            PoolError::Backend(cause) => cause.into(),
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Self::Internal(error.to_string()),
        }
    }
}

/// A refused connection means that the database is unavailable, whatever the cause: even a wrong password may be corrected before the
/// next attempt.
impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        let error = match error {
            // The first statements of the session.
            ConnectionError::CouldntSetupConfiguration(cause) => return Self::from(cause),
            other => other.to_string(),
        };
        match error.get(..5) {
            Some("53300") => Self::Busy(error),
            Some("57014") => Self::TimedOut(error),
            _ => Self::Unavailable(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt as _;

    #[test]
    fn each_failure_has_a_reason_and_reveals_no_sql() {
        let secret = || "SELECT secret".to_owned();
        let table = [
            (Failure::Constraint { name: secret(), message: secret() }, "INTERNAL"),
            (Failure::Conflict(secret()), "CONFLICTING_WRITES"),
            (Failure::Locked(secret()), "CONFLICTING_WRITES"),
            (Failure::TimedOut(secret()), "DEADLINE_EXCEEDED"),
            (Failure::Busy(secret()), "OVERLOADED"),
            (Failure::Unavailable(secret()), "DATABASE_UNAVAILABLE"),
            (Failure::RequestIdReused, "REQUEST_ID_REUSED"),
            (Failure::Outdated(secret()), "DATABASE_UNAVAILABLE"),
            (Failure::Aborted(secret()), "INTERNAL"),
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
    #[test]
    fn a_constraint_is_known_by_its_own_name() {
        let said = r#"duplicate key value violates unique constraint "seats_pkey_102008""#;
        for (name, expected) in
            [("seats_pkey", "seats_pkey"), ("seats_pkey_102008", "seats_pkey"), ("", "seats_pkey"), ("seats_", "seats_")]
        {
            assert_eq!(constraint(name, said), expected, "{name:?}");
        }
        assert_eq!(constraint("", "null value in column \"amount\" violates not-null constraint"), "");
    }
}
