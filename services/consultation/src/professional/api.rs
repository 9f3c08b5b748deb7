//! Use cases of professionals.

use orchard_db::Db;
use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::professional_service_server::ProfessionalService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::{Caller, CallerError, Role};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{ProfessionalError, Viewer, store, wire};
use crate::error::Error;
use crate::roll;

/// Serves `ProfessionalService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
}

impl Api {
    /// Serves professionals, whose prices are in `currency`, from `db`.
    pub fn new(db: Db, currency: Currency) -> Self {
        Self { db, currency }
    }
}

fn viewer<T>(request: &Request<T>) -> Result<Viewer, CallerError> {
    let user = Caller::user(request)?;
    Ok(Viewer { user: user.id, is_operator: user.is(Role::Operator) })
}

#[tonic::async_trait]
impl ProfessionalService for Api {
    async fn create_professional(
        &self,
        request: Request<pb::CreateProfessionalRequest>,
    ) -> Result<Response<pb::CreateProfessionalResponse>, Status> {
        let caller = viewer(&request)?;
        let new = wire::new_professional(request.get_ref(), caller.user, &self.currency).map_err(Error::from)?;
        let professional = self
            .db
            .write("create professional", async move |connection| {
                let (id, first) = new.key.claim_one(connection, Uuid::now_v7()).await?;
                if first {
                    let account = caller.enters();
                    if let Some(user) = account {
                        roll::enrol(connection, user).await?;
                    }
                    let inserted = store::insert(connection, id, account, &new.profile).await;
                    return inserted.map_err(Error::on("health_professionals_user_id_key", ProfessionalError::AlreadyApplied));
                }
                store::seen_by(connection, id, caller).await?.ok_or_else(|| Error::from(ProfessionalError::NotFound))
            })
            .await?;
        let professional = wire::professional(professional, caller, &self.currency);
        Ok(Response::new(pb::CreateProfessionalResponse { professional: Some(professional) }))
    }

    async fn get_professional(
        &self,
        request: Request<pb::GetProfessionalRequest>,
    ) -> Result<Response<pb::GetProfessionalResponse>, Status> {
        let viewer = viewer(&request)?;
        let id = Fields::one("professional_id", read::uuid(&request.get_ref().professional_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::seen_by(&connection, id, viewer).await.map_err(Error::from)?;
        let professional =
            wire::professional(found.ok_or_else(|| Error::from(ProfessionalError::NotFound))?, viewer, &self.currency);
        Ok(Response::new(pb::GetProfessionalResponse { professional: Some(professional) }))
    }
}
