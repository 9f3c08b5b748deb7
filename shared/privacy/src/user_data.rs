//! What a slice implements.

use orchard_db::{Connection, UnitError};
use tonic::Status;
use uuid::Uuid;

use crate::export::{Page, Rows};
use crate::receipt::Receipt;

/// The data that a slice stores about users.
pub trait UserData: Send + Sync + 'static {
    /// A part of an export, which converts into the name of its table.
    type Part: Copy + Into<&'static str> + Send + Sync + 'static;
    /// The slice's error.
    type Error: UnitError + Into<Status>;

    /// All parts, in the order of the export.
    const PARTS: &'static [Self::Part];

    /// Begins an erasure: bars the user ([`roll::bar`](crate::roll::bar)) and ends what other services must be told of, so that nothing new
    /// begins. Returns what that has deleted, and whether nothing is left that another service must answer before the user is erased.
    fn begin(&self, _: &mut Connection, _: Uuid) -> impl Future<Output = Result<(Receipt, bool), Self::Error>> + Send {
        async { Ok((Receipt::default(), true)) }
    }

    /// Erases a user for good, within the given transaction.
    fn erase(&self, connection: &mut Connection, user: Uuid) -> impl Future<Output = Result<Receipt, Self::Error>> + Send;

    /// Returns a page of the rows of a part that the user may receive.
    fn page(
        connection: &mut Connection,
        user: Uuid,
        part: Self::Part,
        page: Page,
    ) -> impl Future<Output = diesel::QueryResult<Rows>> + Send;
}
