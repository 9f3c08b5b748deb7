//! Use cases of profiles.

use std::collections::BTreeSet;

use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::profile_service_server::ProfileService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Profile, store, wire};
use crate::board_copies;
use crate::error::Error;
use crate::people::profile::ProfileError;
use crate::roll;

/// Serves `ProfileService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
}

impl Api {
    /// Serves profiles from `db`.
    pub fn new(db: Db, currency: Currency) -> Self {
        Self { db, currency }
    }

    /// The caller's own profile, which is there from their first call on.
    async fn first_use(&self, user: Uuid) -> Result<Profile, Error> {
        self.db
            .write("first use", async move |connection| {
                roll::enrol(connection, user).await?;
                store::get(connection, user, user).await?.ok_or_else(|| Error::from(ProfileError::NotFound))
            })
            .await
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
                roll::enrol(connection, id).await?;
                let profile = store::register(connection, id, &display_name, time_zone, privacy_level).await?;
                board_copies::refresh(connection, &BTreeSet::from([id])).await?;
                Ok::<_, Error>(profile)
            })
            .await?;
        Ok(Response::new(pb::RegisterProfileResponse { profile: Some(wire::own(profile, &self.currency)) }))
    }

    async fn get_profile(&self, request: Request<pb::GetProfileRequest>) -> Result<Response<pb::GetProfileResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let id = Fields::one("user_id", read::uuid(&request.get_ref().user_id)).map_err(Error::from)?;
        let found = {
            let connection = self.db.read().await.map_err(Error::from)?;
            store::get(&connection, id, viewer).await.map_err(Error::from)?
        };
        let profile = match found {
            Some(profile) => profile,
            None if id == viewer => self.first_use(viewer).await?,
            None => return Err(Error::from(ProfileError::NotFound).into()),
        };
        Ok(Response::new(pb::GetProfileResponse { profile: Some(wire::profile(profile, viewer, &self.currency)) }))
    }

    async fn batch_get_profiles(
        &self,
        request: Request<pb::BatchGetProfilesRequest>,
    ) -> Result<Response<pb::BatchGetProfilesResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let ids = wire::batch(request.get_ref()).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let profiles = store::batch_get(&connection, &ids, viewer).await.map_err(Error::from)?;
        let sent = |profile| wire::profile(profile, viewer, &self.currency);
        Ok(Response::new(pb::BatchGetProfilesResponse { profiles: profiles.into_iter().map(sent).collect() }))
    }

    async fn update_profile(
        &self,
        request: Request<pb::UpdateProfileRequest>,
    ) -> Result<Response<pb::UpdateProfileResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let patch = wire::update(request.into_inner(), user).map_err(Error::from)?;
        let profile = self
            .db
            .write("update profile", async move |connection| {
                roll::enrol(connection, user).await?;
                let profile = store::update(connection, user, &patch).await?;
                board_copies::refresh(connection, &BTreeSet::from([user])).await?;
                Ok::<_, Error>(profile)
            })
            .await?;
        Ok(Response::new(pb::UpdateProfileResponse { profile: Some(wire::own(profile, &self.currency)) }))
    }

    async fn name_child(&self, request: Request<pb::NameChildRequest>) -> Result<Response<pb::NameChildResponse>, Status> {
        let adult = Caller::user(&request)?.id;
        let (child, name) = wire::child(request.get_ref()).map_err(Error::from)?;
        let named = self
            .db
            .write("name child", async move |connection| {
                let named = store::name_child(connection, child, adult, &name)
                    .await?
                    .ok_or_else(|| Error::from(ProfileError::NotFound))?;
                board_copies::refresh(connection, &BTreeSet::from([child])).await?;
                Ok::<_, Error>(named)
            })
            .await?;
        Ok(Response::new(pb::NameChildResponse { profile: Some(wire::others(named)) }))
    }
}
