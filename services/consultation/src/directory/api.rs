//! Use cases of `DirectoryService`.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::directory_service_server::DirectoryService;
use orchard_rpc::Answer;
use tonic::{Request, Response};

use super::{Position, store, wire};
use crate::Api;
use crate::error::Error;
use crate::professional::Viewer;

#[tonic::async_trait]
impl DirectoryService for Api {
    async fn search_professionals(
        &self,
        request: Request<pb::SearchProfessionalsRequest>,
    ) -> Answer<pb::SearchProfessionalsResponse> {
        let caller = Viewer::of(&request)?;
        let (filter, order, page) = wire::search(request.get_ref(), caller.user, &self.currency)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::search(&connection, filter, order, &page).await.map_err(Error::from)?;
        let page = page.page(rows, |row| Position::of(row, order));
        Ok(Response::new(pb::SearchProfessionalsResponse {
            professionals: page.rows.into_iter().map(|row| wire::listed(row, &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }
}
