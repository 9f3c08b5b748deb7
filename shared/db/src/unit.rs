//! Units of work: transactions that end, whatever becomes of their caller.

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Object;

use crate::after::followed;
use crate::{Db, Failure, observe};

/// Attempts at a unit of work that others' writes keep rolling back.
const ATTEMPTS: u32 = 3;

/// An async closure over `C` whose future is `Send`, which no stable bound can say of `AsyncFnOnce` alone.
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

/// A slice's error, which is either a refusal by its rules or a failure of the database.
pub trait UnitError: From<Failure> + From<diesel::result::Error> + Send + 'static {
    /// The failure, if it is one.
    fn failure(&self) -> Option<&Failure>;
}

impl Db {
    /// Does a unit of work in one READ COMMITTED transaction: all of it, or nothing.
    ///
    /// It runs in a task of its own, so that a caller who hangs up neither tears it nor leaves it open. A unit that conflicts with
    /// others is done again, from a clone of the closure; `name` is what the logs call it.
    pub async fn write<T, E, F>(&self, name: &'static str, unit: F) -> Result<T, E>
    where
        for<'r> F: AsyncFnOnce(&'r mut AsyncPgConnection) -> Result<T, E>
            + Unit<&'r mut AsyncPgConnection, Result<T, E>, Fut: Send>
            + Clone
            + Send
            + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        let db = self.clone();
        self.detached(name, async move {
            let mut attempt = 1;
            loop {
                let mut connection = db.connection().await?;
                let begin = diesel_async::AsyncConnection::transaction(&mut *connection, unit.clone());
                match followed(begin).await {
                    Err(error) if attempt < ATTEMPTS && error.failure().is_some_and(Failure::is_conflict) => {
                        observe::again(name, attempt);
                        attempt += 1;
                    }
                    result => return end(connection, result),
                }
            }
        })
        .await
    }

    /// Runs one statement that writes, which is a transaction of its own: it needs no other round trip than its own. It runs in a task of its
    /// own, too, and is not run again.
    pub async fn statement<T, E, F>(&self, name: &'static str, statement: F) -> Result<T, E>
    where
        for<'r> F: AsyncFnOnce(&'r mut AsyncPgConnection) -> Result<T, E>
            + Unit<&'r mut AsyncPgConnection, Result<T, E>, Fut: Send>
            + Send
            + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        let db = self.clone();
        self.detached(name, async move {
            let mut connection = db.connection().await?;
            let result = followed(statement(&mut connection)).await;
            end(connection, result)
        })
        .await
    }

    /// Reads several things as they were at one moment.
    pub async fn snapshot<T, E, F>(&self, read: F) -> Result<T, E>
    where
        for<'r> F: AsyncFnOnce(&'r mut AsyncPgConnection) -> Result<T, E>
            + Unit<&'r mut AsyncPgConnection, Result<T, E>, Fut: Send>
            + Send
            + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        let db = self.clone();
        self.detached("snapshot", async move {
            let mut connection = db.connection().await?;
            let result = connection.build_transaction().read_only().repeatable_read().run(read).await;
            end(connection, result)
        })
        .await
    }

    async fn detached<T, E>(&self, name: &'static str, work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
    {
        match self.units.spawn(observe::unit(name, work)).await {
            Ok(result) => result,
            Err(ended) => match ended.try_into_panic() {
                // A panic belongs to the call that caused it: its own layer answers for it.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(cancelled) => Err(Failure::Unavailable(cancelled.to_string()).into()),
            },
        }
    }
}

/// A connection whose path is broken must not be found again by the next caller.
fn end<T, E: UnitError>(connection: Object<AsyncPgConnection>, result: Result<T, E>) -> Result<T, E> {
    let lost = result.as_ref().err().and_then(UnitError::failure).is_some_and(|f| matches!(f, Failure::Unavailable(_)));
    if lost {
        drop(Object::take(connection));
    }
    result
}
