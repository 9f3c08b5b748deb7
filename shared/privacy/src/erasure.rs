//! The erasure of a user by one slice.

use std::sync::Arc;

use orchard_db::{Connection, Db};
use uuid::Uuid;

use crate::receipt::{self, Receipt};
use crate::user_data::UserData;

/// Erases a user, and returns what was erased.
///
/// A request that has an id begins the erasure, and returns `None` while something must come to an end first: the caller then repeats it.
/// Once it has a receipt, its repetition returns that one. A request without an id erases at once.
pub async fn erase<D: UserData>(db: &Db, data: &Arc<D>, user: Uuid, request: Option<Uuid>) -> Result<Option<Receipt>, D::Error> {
    let (begun, data) = (Arc::clone(data), Arc::clone(data));
    let Some(request) = request else {
        let unit = async move |connection: &mut Connection| data.erase(connection, user).await;
        return db.write("erase user", unit).await.map(Some);
    };
    let begin = async move |connection: &mut Connection| begun.begin(connection, user).await;
    if !db.write("begin erasure", begin).await? {
        return Ok(None);
    }
    let unit = async move |connection: &mut Connection| {
        if let Some(receipt) = receipt::claim(connection, request).await? {
            return Ok(receipt);
        }
        let receipt = data.erase(connection, user).await?;
        receipt::keep(connection, request, &receipt).await?;
        Ok(receipt)
    };
    db.write("erase user", unit).await.map(Some)
}
