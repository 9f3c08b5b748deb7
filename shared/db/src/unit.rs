//! Units of work: transactions that end even if their caller does not wait for them.

use deadpool::managed::Object;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};

use crate::after_commit::with_steps;
use crate::db::Db;
use crate::failure::Failure;
use crate::observe;
use crate::pool::Pooled;
use crate::session::Session;

/// Attempts at a unit of work that conflicting writes roll back.
const ATTEMPTS: u32 = 3;

/// An async closure that takes `C`, with a name for its future: stable Rust cannot bound the future of `AsyncFnOnce` by `Send`.
pub trait Unit<C, R>: AsyncFnOnce(C) -> R + FnOnce(C) -> <Self as Unit<C, R>>::Fut {
    /// The future.
    type Fut: Future<Output = R>;
}

impl<F, C, Fut, R> Unit<C, R> for F
where
    F: AsyncFnOnce(C) -> R + FnOnce(C) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

/// The closure of a unit of work, which may run in another task.
pub trait UnitOfWork<T, E>:
    for<'r> AsyncFnOnce(&'r mut AsyncPgConnection) -> Result<T, E>
    + for<'r> Unit<&'r mut AsyncPgConnection, Result<T, E>, Fut: Send>
    + Send
    + 'static
{
}

impl<F, T, E> UnitOfWork<T, E> for F where
    F: for<'r> AsyncFnOnce(&'r mut AsyncPgConnection) -> Result<T, E>
        + for<'r> Unit<&'r mut AsyncPgConnection, Result<T, E>, Fut: Send>
        + Send
        + 'static
{
}

/// A slice's error, which is either a refusal by its rules or a failure of the database.
pub trait UnitError: From<Failure> + From<diesel::result::Error> + Send + 'static {
    /// The failure, if it is one.
    fn failure(&self) -> Option<&Failure>;
}

/// For units of work that refuse nothing.
impl UnitError for Failure {
    fn failure(&self) -> Option<&Failure> {
        Some(self)
    }
}

/// How much of the other sessions' work a unit sees.
#[derive(Debug, Clone, Copy)]
enum Sight {
    /// What is committed when each statement begins.
    Committed,
    /// What was committed when the first statement began. Such a unit reads only.
    Snapshot,
}

impl Db {
    /// Runs a unit of work in one READ COMMITTED transaction.
    ///
    /// It runs in a task of its own, so a caller that hangs up neither interrupts it nor leaves it open. A unit that conflicts with other
    /// writes is retried from a clone of the closure, with three attempts in all. Logs and metrics call it `name`.
    pub async fn write<T, E, F>(&self, name: &'static str, unit: F) -> Result<T, E>
    where
        F: UnitOfWork<T, E> + Clone,
        T: Send + 'static,
        E: UnitError,
    {
        self.detached(name, self.clone().repeat(name, Sight::Committed, unit)).await
    }

    /// Runs one statement that writes, without the round trips of an explicit transaction. It runs in a task of its own and is not retried.
    pub async fn statement<T, E, F>(&self, name: &'static str, statement: F) -> Result<T, E>
    where
        F: UnitOfWork<T, E>,
        T: Send + 'static,
        E: UnitError,
    {
        let db = self.clone();
        self.detached(name, async move {
            let mut session = db.connection().await?;
            let result = with_steps(statement(&mut session)).await;
            end(session, result)
        })
        .await
    }

    /// Runs several reads that all see the database as it was at one moment, in a read-only REPEATABLE READ transaction. They are retried
    /// like a unit of work.
    pub async fn snapshot<T, E, F>(&self, read: F) -> Result<T, E>
    where
        F: UnitOfWork<T, E> + Clone,
        T: Send + 'static,
        E: UnitError,
    {
        self.detached("snapshot", self.clone().repeat("snapshot", Sight::Snapshot, read)).await
    }

    async fn repeat<T, E, F>(self, name: &'static str, sight: Sight, unit: F) -> Result<T, E>
    where
        F: UnitOfWork<T, E> + Clone,
        T: Send + 'static,
        E: UnitError,
    {
        let mut attempt = 1;
        loop {
            let mut session = self.connection().await?;
            let result = with_steps(transact(&mut session, sight, unit.clone())).await;
            match end(session, result) {
                Err(error) if attempt < ATTEMPTS && error.failure().is_some_and(Failure::is_conflict) => {
                    observe::retry(name, attempt);
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn detached<T, E>(&self, name: &'static str, work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
    {
        match self.units.spawn(observe::unit(name, work, E::failure)).await {
            Ok(result) => result,
            Err(ended) => match ended.try_into_panic() {
                // The panic continues in the call that caused it, whose own layer catches it.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(cancelled) => Err(Failure::Unavailable(cancelled.to_string()).into()),
            },
        }
    }
}

/// Runs a unit in a transaction, and returns its result if it is also what PostgreSQL made of the transaction.
async fn transact<T: Send, E: UnitError, F: UnitOfWork<T, E>>(session: &mut Session, sight: Sight, unit: F) -> Result<T, E> {
    let Session { connection, answers, .. } = session;
    let result = match sight {
        Sight::Committed => connection.transaction(unit).await,
        Sight::Snapshot => connection.build_transaction().read_only().repeatable_read().run(unit).await,
    };
    match result {
        // A statement failed after its first row, which was all that the unit waited for. The COMMIT rolled back.
        Ok(_) if !answers.has_committed() => Err(answers.cause().into()),
        // Of several statements at once, the unit saw a later one's error first.
        Err(error) if matches!(error.failure(), Some(Failure::Aborted(_))) => Err(answers.cause().into()),
        result => result,
    }
}

/// Gives a session back, unless it is known not to be clean. The next caller waits for what is not known yet.
fn end<T, E: UnitError>(mut session: Pooled, result: Result<T, E>) -> Result<T, E> {
    let lost = result.as_ref().err().and_then(UnitError::failure).is_some_and(|f| matches!(f, Failure::Unavailable(_)));
    if lost || session.answers.is_answered() && !session.is_clean() {
        drop(Object::take(session));
    }
    result
}
