//! Use cases of `ProfessionalService`.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::professional_service_server::ProfessionalService;
use orchard_rpc::Answer;
use tonic::{Request, Response};

use super::etag::etag;
use super::{Viewer, editing, store, wire};
use crate::error::Error;
use crate::{Api, request};

#[tonic::async_trait]
impl ProfessionalService for Api {
    async fn create_professional(
        &self,
        request: Request<pb::CreateProfessionalRequest>,
    ) -> Answer<pb::CreateProfessionalResponse> {
        let caller = Viewer::of(&request)?;
        let new = wire::new_professional(request.get_ref(), caller.user, &self.currency)?;
        let professional = editing::create(&self.db, new, caller).await?;
        let professional = wire::professional(professional, caller, &self.currency);
        Ok(Response::new(pb::CreateProfessionalResponse { professional: Some(professional) }))
    }

    async fn get_professional(&self, request: Request<pb::GetProfessionalRequest>) -> Answer<pb::GetProfessionalResponse> {
        let viewer = Viewer::of(&request)?;
        let id = request::id("professional_id", &request.get_ref().professional_id)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let professional = editing::find(&connection, id, viewer).await?;
        let professional = wire::professional(professional, viewer, &self.currency);
        Ok(Response::new(pb::GetProfessionalResponse { professional: Some(professional) }))
    }

    async fn batch_get_professionals(
        &self,
        request: Request<pb::BatchGetProfessionalsRequest>,
    ) -> Answer<pb::BatchGetProfessionalsResponse> {
        let viewer = Viewer::of(&request)?;
        let ids = wire::batch(request.get_ref())?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::batch(&connection, &ids, viewer).await.map_err(Error::from)?;
        let professionals = found.into_iter().map(|found| wire::professional(found, viewer, &self.currency)).collect();
        Ok(Response::new(pb::BatchGetProfessionalsResponse { professionals }))
    }

    async fn update_professional(
        &self,
        request: Request<pb::UpdateProfessionalRequest>,
    ) -> Answer<pb::UpdateProfessionalResponse> {
        let caller = Viewer::of(&request)?;
        let update = wire::update(request.into_inner(), &self.currency)?;
        let professional = editing::update(&self.db, update, caller).await?;
        let professional = wire::professional(professional, caller, &self.currency);
        Ok(Response::new(pb::UpdateProfessionalResponse { professional: Some(professional) }))
    }

    async fn get_verification_documents(
        &self,
        request: Request<pb::GetVerificationDocumentsRequest>,
    ) -> Answer<pb::GetVerificationDocumentsResponse> {
        let caller = Viewer::of(&request)?;
        let id = request::id("professional_id", &request.get_ref().professional_id)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        editing::find_managed(&connection, id, caller).await?;
        let (documents, version) = store::documents(&connection, id).await.map_err(Error::from)?;
        let (documents, etag) = (wire::documents(documents), etag(version));
        Ok(Response::new(pb::GetVerificationDocumentsResponse { documents, etag }))
    }

    async fn set_verification_documents(
        &self,
        request: Request<pb::SetVerificationDocumentsRequest>,
    ) -> Answer<pb::SetVerificationDocumentsResponse> {
        let caller = Viewer::of(&request)?;
        let (id, documents) = wire::new_documents(request.into_inner())?;
        let (documents, version) = editing::set_documents(&self.db, id, documents, caller).await?;
        let (documents, etag) = (wire::documents(documents), etag(version));
        Ok(Response::new(pb::SetVerificationDocumentsResponse { documents, etag }))
    }
}
