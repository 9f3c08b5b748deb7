//! The erasure of a user by one slice.

use std::sync::Arc;

use orchard_db::{Connection, Db};
use uuid::Uuid;

use crate::receipt::{self, Receipt};
use crate::user_data::UserData;

/// Erases a user, and returns what was erased: `None` if something must come to an end first. The caller then tries again.
///
/// A repeated request returns the receipt of the first one.
pub async fn erase<D: UserData>(db: &Db, data: &Arc<D>, user: Uuid, request: Option<Uuid>) -> Result<Option<Receipt>, D::Error> {
    let begun = Arc::clone(data);
    let begin = async move |connection: &mut Connection| begun.begin(connection, user).await;
    if !db.write("begin erasure", begin).await? {
        return Ok(None);
    }
    let data = Arc::clone(data);
    let unit = async move |connection: &mut Connection| {
        let Some(request) = request else { return data.erase(connection, user).await };
        if let Some(receipt) = receipt::claim(connection, request).await? {
            return Ok(receipt);
        }
        let receipt = data.erase(connection, user).await?;
        receipt::keep(connection, request, &receipt).await?;
        Ok(receipt)
    };
    db.write("erase user", unit).await.map(Some)
}
