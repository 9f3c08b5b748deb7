//! Use cases of privacy.

use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use orchard_db::Db;
use orchard_proto::privacy::v1 as pb;
use orchard_proto::privacy::v1::privacy_service_server::PrivacyService;
use orchard_server::Caller;
use tonic::{Request, Response, Status};

use super::{Place, erase, export, wire};
use crate::error::Error;

/// Serves `PrivacyService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
}

impl Api {
    /// Serves what `db` holds of users.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[tonic::async_trait]
impl PrivacyService for Api {
    async fn erase_user(&self, request: Request<pb::EraseUserRequest>) -> Result<Response<pb::EraseUserResponse>, Status> {
        let caller = Caller::of(&request);
        let user = wire::erase(request.get_ref()).map_err(Error::from)?;
        let unit = async move |connection: &mut orchard_db::Connection| erase::erase(connection, user).await;
        let receipt = self.db.write("erase user", unit).await?;
        // Who had it done; of whom it was done, nothing is kept.
        tracing::info!(operator = ?caller.user.map(|user| user.id), service = caller.service, "a user was erased");
        Ok(Response::new(wire::receipt(receipt)))
    }

    type ExportUserStream = BoxStream<'static, Result<pb::ExportUserResponse, Status>>;

    async fn export_user(&self, request: Request<pb::ExportUserRequest>) -> Result<Response<Self::ExportUserStream>, Status> {
        let user = wire::export(request.get_ref(), &Caller::of(&request))?;
        let db = self.db.clone();
        let pages = stream::try_unfold(Some(Place::START), move |place| {
            let db = db.clone();
            async move {
                let Some(place) = place else { return Ok::<_, Status>(None) };
                // A connection for each page and none between them: it is the client who says how fast they go.
                let read = async move |connection: &mut orchard_db::Connection| {
                    Ok::<_, Error>(export::page(connection, user, place).await?)
                };
                let rows = db.snapshot(read).await?;
                let next = place.next(rows.len(), rows.last().map(|(id, _)| *id));
                let records = rows.into_iter().map(move |(_, row)| Ok(wire::record(place.part, row)));
                Ok(Some((stream::iter(records), next)))
            }
        });
        Ok(Response::new(pages.try_flatten().boxed()))
    }
}
