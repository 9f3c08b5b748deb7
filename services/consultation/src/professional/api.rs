//! The professional service.

use orchard_db::{Connection, Db};
use orchard_privacy::roll;
use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::professional_service_server::ProfessionalService;
use orchard_rpc::{Answer, Currency};
use orchard_server::{Caller, CallerError, Role};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Professional, ProfessionalError, Profile, Viewer, store, wire};
use crate::error::Error;

/// Serves `ProfessionalService`.
#[derive(Debug)]
pub struct Api {
    pub(crate) db: Db,
    pub(crate) currency: Currency,
}

#[tonic::async_trait]
impl ProfessionalService for Api {
    async fn create_professional(
        &self,
        request: Request<pb::CreateProfessionalRequest>,
    ) -> Answer<pb::CreateProfessionalResponse> {
        let caller = viewer(&request)?;
        let new = wire::new_professional(request.get_ref(), caller.user, &self.currency).map_err(Error::from)?;
        let create = async move |connection: &mut Connection| match new.key.claim_id(connection).await? {
            (id, true) => insert(connection, id, caller.new_account(), &new.profile).await,
            (id, false) => get(connection, id, caller).await,
        };
        let professional = self.db.write("create professional", create).await?;
        let professional = wire::professional(professional, caller, &self.currency);
        Ok(Response::new(pb::CreateProfessionalResponse { professional: Some(professional) }))
    }

    async fn get_professional(&self, request: Request<pb::GetProfessionalRequest>) -> Answer<pb::GetProfessionalResponse> {
        let viewer = viewer(&request)?;
        let id = wire::professional_id(&request.get_ref().professional_id).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let professional = get(&connection, id, viewer).await?;
        let professional = wire::professional(professional, viewer, &self.currency);
        Ok(Response::new(pb::GetProfessionalResponse { professional: Some(professional) }))
    }
}

fn viewer<T>(request: &Request<T>) -> Result<Viewer, CallerError> {
    let user = Caller::user(request)?;
    Ok(Viewer { user: user.id, is_operator: user.is(Role::Operator) })
}

/// Creates a professional, whose account must not have applied before.
async fn insert(connection: &mut Connection, id: Uuid, account: Option<Uuid>, profile: &Profile) -> Result<Professional, Error> {
    if let Some(user) = account {
        roll::enrol_or(connection, user, Error::user_erased).await?;
    }
    let inserted = store::insert(connection, id, account, profile).await;
    inserted.map_err(Error::on("health_professionals_user_id_key", ProfessionalError::AlreadyApplied))
}

/// Returns a professional that `viewer` may see.
async fn get(connection: &Connection, id: Uuid, viewer: Viewer) -> Result<Professional, Error> {
    store::find_visible(connection, id, viewer).await?.ok_or_else(|| ProfessionalError::NotFound.into())
}
