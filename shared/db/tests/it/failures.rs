//! A table of SQLSTATEs: the failure that each becomes, and the status that a client receives.

use orchard_db::{Failure, Limits};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::{Error, World, sql};

const TABLES: &str = "CREATE TABLE cards (id int PRIMARY KEY, days int4range, label varchar(3), worth numeric(4,2),
        account int CONSTRAINT cards_account_fkey REFERENCES accounts (id) ON DELETE RESTRICT,
        late int CONSTRAINT cards_late_fkey REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT cards_days_excl EXCLUDE USING gist (days WITH &&));
    INSERT INTO cards VALUES (1, '[1,5)')";

/// A failure without PostgreSQL's message.
#[derive(Debug, PartialEq)]
pub enum Kind {
    Constraint(String),
    Conflict,
    Locked,
    TimedOut,
    Busy,
    Unavailable,
    RequestIdReused,
    Internal,
}
use Kind::{Busy, Conflict, Internal, Locked, TimedOut, Unavailable};

fn constraint(name: &str) -> Kind {
    Kind::Constraint(name.to_owned())
}

impl From<&Failure> for Kind {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Constraint { name, .. } => constraint(name),
            Failure::Conflict(_) => Conflict,
            Failure::Locked(_) => Locked,
            Failure::TimedOut(_) => TimedOut,
            Failure::Busy(_) => Busy,
            Failure::Outdated(_) | Failure::Unavailable(_) => Unavailable,
            Failure::RequestIdReused => Self::RequestIdReused,
            Failure::Aborted(_) | Failure::Internal(_) => Internal,
        }
    }
}

impl Kind {
    /// Returns the code, the reason and whether there is a `RetryInfo`.
    fn status(&self) -> (Code, &'static str, bool) {
        match self {
            Self::Constraint(_) | Internal => (Code::Internal, "INTERNAL", false),
            Conflict | Locked => (Code::Aborted, "CONFLICTING_WRITES", false),
            TimedOut => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", false),
            Busy => (Code::ResourceExhausted, "OVERLOADED", true),
            Unavailable => (Code::Unavailable, "DATABASE_UNAVAILABLE", false),
            Self::RequestIdReused => (Code::AlreadyExists, "REQUEST_ID_REUSED", false),
        }
    }
}

/// Checks the kind of a failure and its status, which must not contain the SQLSTATE, nor the names and the value 4711 that all statements of
/// these tests use.
#[track_caller]
pub fn assert_told(sqlstate: &str, failure: Failure, kind: &Kind) {
    assert_eq!(Kind::from(&failure), *kind, "{sqlstate}: {failure:?}");
    let status = failure.into_refusal().into_status("orchard.test");
    let details = status.get_error_details();
    let info = details.error_info().expect("ErrorInfo");
    let told = (status.code(), info.reason.as_str(), details.retry_info().is_some());
    assert_eq!(told, kind.status(), "{sqlstate}");
    assert_eq!((info.domain.as_str(), info.metadata.len()), ("orchard.test", 0), "{sqlstate}");
    let said = format!("{} {}", status.message(), String::from_utf8_lossy(status.details())).to_lowercase();
    let hidden =
        ["4711", "account", "amount", "card", "label", "insert", "update", "select", "violates", "relation", "pg_", "sleep"];
    for word in hidden.iter().chain(&[sqlstate.to_lowercase().as_str()]) {
        assert!(!said.contains(word), "{sqlstate}: {word:?} is in {said:?}");
    }
}

/// Returns a statement that fails with this SQLSTATE, for situations that a test cannot cause.
fn raise(sqlstate: &str, message: &str) -> String {
    format!("DO $$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '{sqlstate}', CONSTRAINT = 'cards_4711_key'; END $$")
}

#[tokio::test]
async fn each_sqlstate_becomes_its_failure() -> anyhow::Result<()> {
    let world = World::start_with(1, Limits { statement: std::time::Duration::from_secs(1), ..Limits::default() }).await?;
    world.schema.connect().await?.batch_execute(TABLES).await?;
    let no_space = "could not extend file \"base/4711/1\": No space left on device";
    let rows: [(&str, &str, Kind); 32] = [
        ("23505", "INSERT INTO accounts VALUES (1, 4711)", constraint("accounts_pkey")),
        ("23503", "INSERT INTO cards (id, account) VALUES (2, 4711)", constraint("cards_account_fkey")),
        // Detected by the COMMIT.
        ("23503", "INSERT INTO cards (id, late) VALUES (2, 4711)", constraint("cards_late_fkey")),
        ("23514", "UPDATE accounts SET amount = -4711", constraint("accounts_amount_check")),
        ("23502", "INSERT INTO accounts VALUES (4711, NULL)", constraint("")),
        ("23P01", "INSERT INTO cards VALUES (4711, '[4,7)')", constraint("cards_days_excl")),
        // ON DELETE RESTRICT, since PostgreSQL 18.
        ("23001", &raise("23001", "update or delete on table \"accounts\" violates RESTRICT"), constraint("cards_4711_key")),
        ("25006", "SET TRANSACTION READ ONLY; UPDATE accounts SET amount = 4711", Unavailable),
        // Requests are validated before, so these are faults of the service.
        ("22001", "INSERT INTO cards (id, label) VALUES (2, '4711')", Internal),
        ("22003", "UPDATE accounts SET amount = 4711 * 2147483647", Internal),
        ("22003", "INSERT INTO cards (id, worth) VALUES (2, 4711)", Internal),
        ("22P02", "SELECT 'deadlock detected 4711'::int FROM accounts", Internal),
        ("22021", "SELECT convert_from('\\x00', 'UTF8') FROM accounts", Internal),
        ("22P05", "SELECT convert_to('\u{20ac}', 'LATIN1') FROM accounts", Internal),
        ("42P01", "SELECT 4711 FROM accounts_of_old", Internal),
        ("54000", "SELECT repeat('4711', 2147483647) FROM accounts", Internal),
        (
            "53400",
            "SET LOCAL temp_file_limit = 0; SET LOCAL work_mem = '64kB';
            SELECT count(*) FROM (SELECT n FROM generate_series(1, 50000) n ORDER BY n DESC) accounts",
            Internal,
        ),
        ("57014", "SELECT pg_sleep(30)", TimedOut),
        ("40001", &raise("40001", "could not serialize access due to concurrent update"), Conflict),
        ("40001", &raise("40001", "canceling statement due to conflict with recovery"), Conflict),
        ("40P01", &raise("40P01", "deadlock detected"), Conflict),
        ("53100", &raise("53100", no_space), Unavailable),
        (
            "53100",
            &raise("53100", "could not extend file \"base/4711/1\": wrote only 4096 of 8192 bytes at block 1"),
            Unavailable,
        ),
        ("53100", &raise("53100", "could not write to file \"base/pgsql_tmp/4711\": No space left on device"), Unavailable),
        ("53100", &raise("53100", "could not create file \"base/4711/1\": No space left on device"), Unavailable),
        ("53200", &raise("53200", "out of memory"), Busy),
        ("53200", &raise("53200", "out of shared memory"), Busy),
        // As a pooler passes them on.
        ("53300", &raise("53300", "sorry, too many clients already"), Busy),
        ("53300", &raise("53300", "remaining connection slots are reserved for non-replication superuser connections"), Busy),
        ("53300", &raise("53300", "too many connections for role \"account\""), Busy),
        ("57P01", &raise("57P01", "terminating connection due to administrator command"), Unavailable),
        ("57P03", &raise("57P03", "the database system is starting up"), Unavailable),
    ];
    for (sqlstate, statement, kind) in rows {
        let at_once = statement.to_owned();
        let done: Result<(), Error> = world.db.write("row", async move |connection| sql(connection, &at_once).await).await;
        let Err(Error(failure)) = done else { anyhow::bail!("{sqlstate}: {statement} was done") };
        assert_told(sqlstate, failure, &kind);
        // PostgreSQL confirms the SQLSTATE of the row.
        let client = world.schema.connect().await?;
        client.batch_execute("SET statement_timeout = '100ms'; BEGIN").await?;
        let seen = match client.batch_execute(statement).await {
            Ok(()) => client.batch_execute("COMMIT").await,
            failed => failed,
        };
        let code = seen.expect_err("the statement fails here, too").code().map(|code| code.code().to_owned());
        assert_eq!(code.as_deref(), Some(sqlstate), "{statement}");
    }
    assert_eq!(world.amounts().await?, (100, 100));
    Ok(())
}
