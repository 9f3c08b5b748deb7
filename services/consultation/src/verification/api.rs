//! Use cases of `VerificationService`.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::verification_service_server::VerificationService;
use orchard_rpc::{Answer, Fields, read};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Decision, deciding};
use crate::error::Error;
use crate::professional::{Professional, Viewer, store, wire};
use crate::{Api, request};

impl Api {
    async fn decide<T>(
        &self,
        request: &Request<T>,
        decision: Decision,
        (id, note): (Uuid, Option<String>),
    ) -> Result<Option<pb::Professional>, tonic::Status> {
        let operator = Viewer::of(request)?;
        let professional = deciding::decide(&self.db, id, operator, decision, note).await?;
        Ok(Some(wire::professional(professional, operator, &self.currency)))
    }
}

fn id(professional_id: &str) -> Result<(Uuid, Option<String>), Error> {
    Ok((request::id("professional_id", professional_id)?, None))
}

fn id_and_note(professional_id: &str, note: &str) -> Result<(Uuid, Option<String>), Error> {
    let mut fields = Fields::default();
    let id = fields.read("professional_id", read::uuid(professional_id));
    let note = fields.read("note", read::long_text(note, 1..=1_000));
    Ok(fields.finish(|| Ok((id?, Some(note?))))?)
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
            professionals: page.rows.into_iter().map(|row| wire::summary(row, &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn verify_professional(
        &self,
        request: Request<pb::VerifyProfessionalRequest>,
    ) -> Answer<pb::VerifyProfessionalResponse> {
        let read = id(&request.get_ref().professional_id)?;
        let professional = self.decide(&request, Decision::Verify, read).await?;
        Ok(Response::new(pb::VerifyProfessionalResponse { professional }))
    }

    async fn reject_professional(
        &self,
        request: Request<pb::RejectProfessionalRequest>,
    ) -> Answer<pb::RejectProfessionalResponse> {
        let read = id_and_note(&request.get_ref().professional_id, &request.get_ref().note)?;
        let professional = self.decide(&request, Decision::Reject, read).await?;
        Ok(Response::new(pb::RejectProfessionalResponse { professional }))
    }

    async fn suspend_professional(
        &self,
        request: Request<pb::SuspendProfessionalRequest>,
    ) -> Answer<pb::SuspendProfessionalResponse> {
        let read = id_and_note(&request.get_ref().professional_id, &request.get_ref().note)?;
        let professional = self.decide(&request, Decision::Suspend, read).await?;
        Ok(Response::new(pb::SuspendProfessionalResponse { professional }))
    }

    async fn restore_professional(
        &self,
        request: Request<pb::RestoreProfessionalRequest>,
    ) -> Answer<pb::RestoreProfessionalResponse> {
        let read = id(&request.get_ref().professional_id)?;
        let professional = self.decide(&request, Decision::Restore, read).await?;
        Ok(Response::new(pb::RestoreProfessionalResponse { professional }))
    }
}
