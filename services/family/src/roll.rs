//! The slice's own roll of users, so that references to them hold without a foreign key into another slice.

use diesel_async::AsyncPgConnection;
use orchard_privacy::roll;
use uuid::Uuid;

use crate::error::Error;

/// Puts a user on the roll, if they are not yet and were not erased; nobody erases them before the transaction ends.
pub(crate) async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> Result<(), Error> {
    if roll::enrol(connection, user).await? { Ok(()) } else { Err(Error::user_erased()) }
}
