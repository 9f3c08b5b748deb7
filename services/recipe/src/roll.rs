//! The slice's roll of users, to which its rows refer: no foreign key crosses slices.

use diesel_async::AsyncPgConnection;
use orchard_privacy::roll;
use uuid::Uuid;

use crate::error::Error;

/// Adds a user to the roll unless they are there already, and keeps them from being erased before the transaction ends.
pub(crate) async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> Result<(), Error> {
    if roll::enrol(connection, user).await? { Ok(()) } else { Err(Error::user_erased()) }
}
