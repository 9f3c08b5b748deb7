//! The service that exports and erases the data of users.

use std::sync::Arc;

use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use orchard_db::{Connection, Db};
use orchard_proto::privacy::v1 as pb;
use orchard_proto::privacy::v1::privacy_service_server::{PrivacyService, PrivacyServiceServer};
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response, Status};

use crate::erasure::erase;
use crate::user_data::UserData;
use crate::wire;

/// Serves `PrivacyService`.
#[derive(Debug)]
pub struct Privacy<D> {
    db: Db,
    domain: String,
    data: Arc<D>,
}

impl<D: UserData> Privacy<D> {
    /// Returns the service for the data of the slice `name` in its database.
    pub fn server(name: &str, db: &Db, data: D) -> PrivacyServiceServer<Self> {
        let privacy = Self { db: db.clone(), domain: format!("orchard.{name}"), data: Arc::new(data) };
        PrivacyServiceServer::new(privacy)
    }
}

#[tonic::async_trait]
impl<D: UserData> PrivacyService for Privacy<D> {
    async fn erase_user(&self, request: Request<pb::EraseUserRequest>) -> Answer<pb::EraseUserResponse> {
        let caller = Caller::of(&request);
        let (user, id) = wire::erase(request.get_ref()).map_err(|refusal| refusal.into_status(&self.domain))?;
        let receipt = erase(&self.db, &self.data, user, id).await.map_err(Into::into)?;
        let receipt = receipt.ok_or_else(|| wire::erasure_waits().into_status(&self.domain))?;
        // The log names the operator, and not the erased user.
        tracing::info!(operator = ?caller.user.map(|user| user.id), service = caller.service, "a user was erased");
        Ok(Response::new(pb::EraseUserResponse { table_counts: wire::table_counts(&receipt) }))
    }

    type ExportUserStream = BoxStream<'static, Result<pb::ExportUserResponse, Status>>;

    async fn export_user(&self, request: Request<pb::ExportUserRequest>) -> Answer<Self::ExportUserStream> {
        let read = wire::export::<D>(request.get_ref(), &Caller::of(&request));
        let (user, start) = read.map_err(|refusal| refusal.into_status(&self.domain))?;
        let db = self.db.clone();
        let pages = stream::try_unfold(start, move |cursor| {
            let db = db.clone();
            async move {
                let Some(part) = D::PARTS.get(cursor.part).copied() else { return Ok::<_, Status>(None) };
                // Each page takes a connection and returns it: the client decides how fast it reads.
                let read = async move |connection: &mut Connection| {
                    Ok::<_, D::Error>(D::page(connection, user, part, cursor.page()).await?)
                };
                let rows = db.snapshot(read).await.map_err(Into::into)?;
                let next = cursor.next(rows.len(), rows.last().map(|(id, _)| *id));
                let records = rows.into_iter().map(move |(id, row)| {
                    Ok(pb::ExportUserResponse {
                        record: Some(wire::record(part.into(), row)),
                        resume_token: cursor.at(id).token::<D>(user),
                    })
                });
                Ok(Some((stream::iter(records), next)))
            }
        });
        Ok(Response::new(pages.try_flatten().boxed()))
    }
}
