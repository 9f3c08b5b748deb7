//! Use cases of privacy.

use std::sync::Arc;

use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use orchard_db::{Connection, Db};
use orchard_proto::privacy::v1 as pb;
use orchard_proto::privacy::v1::privacy_service_server::{PrivacyService, PrivacyServiceServer};
use orchard_server::Caller;
use tonic::{Request, Response, Status};

use crate::place::Place;
use crate::{Holder, wire};

/// Serves `PrivacyService`.
#[derive(Debug)]
pub struct Privacy<H> {
    db: Db,
    domain: String,
    holder: Arc<H>,
}

impl<H: Holder> Privacy<H> {
    /// What the slice `name` holds of users in its database.
    pub fn server(name: &str, db: &Db, holder: H) -> PrivacyServiceServer<Self> {
        let privacy = Self { db: db.clone(), domain: format!("orchard.{name}"), holder: Arc::new(holder) };
        PrivacyServiceServer::new(privacy)
    }
}

#[tonic::async_trait]
impl<H: Holder> PrivacyService for Privacy<H> {
    async fn erase_user(&self, request: Request<pb::EraseUserRequest>) -> Result<Response<pb::EraseUserResponse>, Status> {
        let caller = Caller::of(&request);
        let user = wire::erase(request.get_ref()).map_err(|refusal| refusal.into_status(&self.domain))?;
        let holder = Arc::clone(&self.holder);
        let unit = async move |connection: &mut Connection| holder.erase(connection, user).await;
        let receipt = self.db.write("erase user", unit).await.map_err(Into::into)?;
        // Who had it done; of whom it was done, nothing is kept.
        tracing::info!(operator = ?caller.user.map(|user| user.id), service = caller.service, "a user was erased");
        Ok(Response::new(wire::receipt(receipt)))
    }

    type ExportUserStream = BoxStream<'static, Result<pb::ExportUserResponse, Status>>;

    async fn export_user(&self, request: Request<pb::ExportUserRequest>) -> Result<Response<Self::ExportUserStream>, Status> {
        let user = wire::export(request.get_ref(), &Caller::of(&request)).map_err(|refusal| refusal.into_status(&self.domain))?;
        let db = self.db.clone();
        let pages = stream::try_unfold(Place::default(), move |place| {
            let db = db.clone();
            async move {
                let Some(part) = H::PARTS.get(place.part).copied() else { return Ok::<_, Status>(None) };
                // A connection for each page and none between them: it is the client who says how fast they go.
                let read = async move |connection: &mut Connection| {
                    Ok::<_, H::Error>(H::page(connection, user, part, place.page()).await?)
                };
                let rows = db.snapshot(read).await.map_err(Into::into)?;
                let next = place.behind(rows.len(), rows.last().map(|(id, _)| *id));
                let records = rows.into_iter().map(move |(_, row)| Ok(wire::record(part.into(), row)));
                Ok(Some((stream::iter(records), next)))
            }
        });
        Ok(Response::new(pages.try_flatten().boxed()))
    }
}
