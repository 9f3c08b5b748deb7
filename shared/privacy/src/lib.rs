//! What a slice holds of a user: told to them, and erased for good.
//!
//! A slice says what it holds ([`Holder`]); [`Privacy`] serves `orchard.privacy.v1.PrivacyService` for it. [`roll`] keeps who is known
//! and who was erased, so that nobody comes back.

mod api;
pub mod migrations;
mod place;
mod receipt;
pub mod roll;
pub mod schema;
mod wire;

use diesel::result::Error::SerializationError;
use diesel_async::AsyncPgConnection;
use orchard_db::{Connection, UnitError};
use serde::Serialize;
use serde_json::Value;
use tonic::Status;
use uuid::Uuid;

pub use api::Privacy;
pub use receipt::Receipt;

/// The service, by its full name.
pub use orchard_proto::privacy::v1::privacy_service_server::SERVICE_NAME as PRIVACY;

/// Rows of an export, each with its id within the part.
pub type Rows = Vec<(Uuid, Value)>;

/// Which rows of a part are read.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Those whose ids are above this one, in their order.
    pub after: Uuid,
    /// At most so many.
    pub limit: i64,
}

/// A slice that holds something of users.
pub trait Holder: Send + Sync + 'static {
    /// What an export is made of, by the name of its table.
    type Part: Copy + Into<&'static str> + Send + Sync + 'static;
    /// A refused call of the slice.
    type Error: UnitError + Into<Status>;

    /// All parts, in the order in which they are told.
    const PARTS: &'static [Self::Part];

    /// Erases a user, who does not come back.
    fn erase(&self, connection: &mut Connection, user: Uuid) -> impl Future<Output = Result<Receipt, Self::Error>> + Send;

    /// Rows of a part that are the user's to know.
    fn page(
        connection: &mut AsyncPgConnection,
        user: Uuid,
        part: Self::Part,
        page: Page,
    ) -> impl Future<Output = diesel::QueryResult<Rows>> + Send;
}

/// Rows as they are told.
pub fn told<R: Serialize>(rows: Vec<R>, id: impl Fn(&R) -> Uuid) -> diesel::QueryResult<Rows> {
    let told = |row: &R| serde_json::to_value(row).map_err(|error| SerializationError(error.into()));
    rows.iter().map(|row| Ok((id(row), told(row)?))).collect()
}
