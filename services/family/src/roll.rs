//! The slice's roll of users, to which its rows refer: no foreign key crosses slices.

use diesel_async::AsyncPgConnection;
use orchard_privacy::roll;
use uuid::Uuid;

use crate::error::Error;

/// Adds a user to the roll unless they are there already, and keeps them from being erased before the transaction ends. Refuses a user
/// who was erased.
pub(crate) async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> Result<(), Error> {
    roll::enrol_or(connection, user, Error::user_erased).await
}
