//! Events of other slices, which have their effects here.

mod api;
mod store;
mod wire;

use orchard_db::{Connection, Failure};
use prost_types::Any;
use uuid::Uuid;

pub use api::Inbox;

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// The slice cannot apply this event, however often it is tried.
    #[error("{0}")]
    Refused(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Failure),
}

impl From<diesel::result::Error> for NotApplied {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The effects that events of other slices have in this slice.
pub trait Handler: Send + Sync + 'static {
    /// An event as the slice understands it.
    type Event: Send + Sync + 'static;

    /// Reads an event of the service `source`, or returns why the slice cannot apply it.
    fn read(&self, source: &str, payload: &Any) -> Result<Self::Event, String>;

    /// Prepares the effects of several events before the first is applied, with one statement where each event would need its own.
    fn prepare(
        &self,
        _connection: &mut Connection,
        _events: &[&Self::Event],
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        std::future::ready(Ok(()))
    }

    /// Applies an event, in the transaction that also records that it was applied.
    fn apply(&self, connection: &mut Connection, event: &Self::Event) -> impl Future<Output = Result<(), NotApplied>> + Send;
}

/// An event that was delivered.
#[derive(Debug)]
struct Delivered<E> {
    id: Uuid,
    aggregate: Uuid,
    sequence: i64,
    traceparent: String,
    event: E,
}
