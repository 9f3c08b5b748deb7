//! The erasure of a user by one slice.

use std::sync::Arc;

use orchard_db::{Connection, Db};
use uuid::Uuid;

use crate::receipt::{self, Kept, Receipt};
use crate::user_data::UserData;

/// Erases a user, and returns what was erased.
///
/// A request that has an id begins the erasure, and returns `None` while something must come to an end first: the caller then repeats it.
/// Once the user is erased, its repetition returns the same receipt. A request without an id erases at once.
pub async fn erase<D: UserData>(db: &Db, data: &Arc<D>, user: Uuid, request: Option<Uuid>) -> Result<Option<Receipt>, D::Error> {
    let (begun, data) = (Arc::clone(data), Arc::clone(data));
    let Some(request) = request else {
        let unit = async move |connection: &mut Connection| data.erase(connection, user).await;
        return db.write("erase user", unit).await.map(Some);
    };
    let begin = async move |connection: &mut Connection| {
        let mut kept = receipt::claim(connection, request).await?;
        if kept.is_done {
            return Ok::<_, D::Error>(true);
        }
        let (counts, is_ready) = begun.begin(connection, user).await?;
        kept.receipt.add_all(counts);
        receipt::keep(connection, request, &kept).await?;
        Ok(is_ready)
    };
    if !db.write("bar user", begin).await? {
        return Ok(None);
    }
    let unit = async move |connection: &mut Connection| {
        let Kept { mut receipt, is_done } = receipt::claim(connection, request).await?;
        if is_done {
            return Ok(receipt);
        }
        receipt.add_all(data.erase(connection, user).await?);
        let kept = Kept { receipt, is_done: true };
        receipt::keep(connection, request, &kept).await?;
        Ok(kept.receipt)
    };
    db.write("erase user", unit).await.map(Some)
}
