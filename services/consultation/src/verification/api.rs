//! Use cases of `VerificationService`.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::verification_service_server::VerificationService;
use orchard_rpc::Answer;
use tonic::{Request, Response};

use super::wire::Asked;
use super::{deciding, wire};
use crate::error::Error;
use crate::professional::{Professional, Viewer, store, wire as professionals};
use crate::{Api, request};

impl Api {
    async fn decide<T>(&self, request: &Request<T>, asked: Asked) -> Result<Option<pb::Professional>, tonic::Status> {
        let operator = Viewer::of(request)?;
        let professional = deciding::decide(&self.db, &self.outbox, asked, operator).await?;
        Ok(Some(professionals::professional(professional, operator, &self.currency)))
    }
}

#[tonic::async_trait]
impl VerificationService for Api {
    async fn list_pending_professionals(
        &self,
        request: Request<pb::ListPendingProfessionalsRequest>,
    ) -> Answer<pb::ListPendingProfessionalsResponse> {
        let caller = Viewer::of(&request)?;
        let pb::ListPendingProfessionalsRequest { page_size, page_token } = request.into_inner();
        let page = request::page(format!("ListPendingProfessionals {}", caller.user), page_size, &page_token)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::pending(&connection, &page).await.map_err(Error::from)?;
        let page = page.page(rows, Professional::oldest_first);
        Ok(Response::new(pb::ListPendingProfessionalsResponse {
            professionals: page.rows.into_iter().map(|row| professionals::summary(row, &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn verify_professional(
        &self,
        request: Request<pb::VerifyProfessionalRequest>,
    ) -> Answer<pb::VerifyProfessionalResponse> {
        let professional = self.decide(&request, wire::verify(request.get_ref())?).await?;
        Ok(Response::new(pb::VerifyProfessionalResponse { professional }))
    }

    async fn reject_professional(
        &self,
        request: Request<pb::RejectProfessionalRequest>,
    ) -> Answer<pb::RejectProfessionalResponse> {
        let professional = self.decide(&request, wire::reject(request.get_ref())?).await?;
        Ok(Response::new(pb::RejectProfessionalResponse { professional }))
    }

    async fn suspend_professional(
        &self,
        request: Request<pb::SuspendProfessionalRequest>,
    ) -> Answer<pb::SuspendProfessionalResponse> {
        let professional = self.decide(&request, wire::suspend(request.get_ref())?).await?;
        Ok(Response::new(pb::SuspendProfessionalResponse { professional }))
    }

    async fn restore_professional(
        &self,
        request: Request<pb::RestoreProfessionalRequest>,
    ) -> Answer<pb::RestoreProfessionalResponse> {
        let professional = self.decide(&request, wire::restore(request.get_ref())?).await?;
        Ok(Response::new(pb::RestoreProfessionalResponse { professional }))
    }
}
