//! Use cases of profiles.

use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::profile_service_server::ProfileService;
use orchard_rpc::{Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};

use super::{store, wire};
use crate::error::Error;

/// Serves `ProfileService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
}

impl Api {
    /// Serves profiles from `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[tonic::async_trait]
impl ProfileService for Api {
    async fn register_profile(
        &self,
        request: Request<pb::RegisterProfileRequest>,
    ) -> Result<Response<pb::RegisterProfileResponse>, Status> {
        let new = wire::new_profile(request.get_ref()).map_err(Error::from)?;
        let profile = self
            .db
            .write("register profile", async move |connection| {
                let wire::NewProfile { id, display_name, time_zone, privacy_level } = new;
                Ok::<_, Error>(store::register(connection, id, &display_name, time_zone, privacy_level).await?)
            })
            .await?;
        Ok(Response::new(pb::RegisterProfileResponse { profile: Some(wire::profile(profile)) }))
    }

    async fn get_profile(&self, request: Request<pb::GetProfileRequest>) -> Result<Response<pb::GetProfileResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let id = Fields::one("user_id", read::uuid(&request.get_ref().user_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::get(&connection, id, viewer).await.map_err(Error::from)?;
        let profile = found.ok_or(Error::ProfileNotFound)?;
        Ok(Response::new(pb::GetProfileResponse { profile: Some(wire::profile(profile)) }))
    }
}
