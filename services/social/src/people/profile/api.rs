//! Use cases of profiles.

use std::collections::BTreeSet;

use orchard_db::Connection;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::profile_service_server::ProfileService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::name::DisplayName;
use super::{Patch, Profile, ProfileError, Registration, store, wire};
use crate::Api;
use crate::error::Error;
use crate::people::{family, membership};
use crate::{board_copies, request, roll};

/// The service that leaves out what users have published who do not share.
const RECIPE: &str = "recipe";

impl Api {
    /// Returns a profile that `viewer` may see. Their own exists from their first call on.
    async fn get_visible(&self, id: Uuid, viewer: Uuid) -> Result<Profile, Error> {
        let found = store::get(&*self.db.read().await?, id, viewer).await?;
        if found.is_none() && id == viewer {
            return self.db.write("first use", async move |connection| first_use(connection, viewer).await).await;
        }
        Ok(found.ok_or(ProfileError::NotFound)?)
    }

    async fn batch_get(&self, ids: &[Uuid], viewer: Uuid) -> Result<Vec<Profile>, Error> {
        Ok(store::batch_get(&*self.db.read().await?, ids, viewer).await?)
    }

    async fn unsharing(&self, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        Ok(store::unsharing(&*self.db.read().await?, ids).await?)
    }

    async fn set_child_name(&self, child: Uuid, adult: Uuid, name: DisplayName) -> Result<Profile, Error> {
        let named =
            self.db.write("name child", async move |connection| name_child(connection, child, adult, &name).await).await?;
        if let Some(profile) = named {
            return Ok(profile);
        }
        let is_known = membership::store::has_family(&*self.db.read().await?, child).await?;
        let is_new = !is_known && family::is_child_of(&self.family, child, adult).await?;
        Err(if is_new { ProfileError::ChildNotReady } else { ProfileError::NotFound }.into())
    }
}

async fn first_use(connection: &mut Connection, user: Uuid) -> Result<Profile, Error> {
    roll::enrol(connection, user).await?;
    Ok(store::get(connection, user, user).await?.ok_or(ProfileError::NotFound)?)
}

async fn register(connection: &mut Connection, new: Registration) -> Result<Profile, Error> {
    roll::enrol(connection, new.id).await?;
    let profile = store::register(connection, &new).await?;
    refresh_boards(connection, profile).await
}

async fn update(connection: &mut Connection, user: Uuid, patch: Patch) -> Result<Profile, Error> {
    roll::enrol(connection, user).await?;
    let profile = store::update(connection, user, &patch).await?;
    refresh_boards(connection, profile).await
}

async fn name_child(connection: &mut Connection, child: Uuid, adult: Uuid, name: &DisplayName) -> Result<Option<Profile>, Error> {
    match store::name_child(connection, child, adult, name).await? {
        Some(profile) => refresh_boards(connection, profile).await.map(Some),
        None => Ok(None),
    }
}

/// Updates the copies of a changed profile on leaderboards.
async fn refresh_boards(connection: &mut Connection, profile: Profile) -> Result<Profile, Error> {
    board_copies::refresh(connection, &BTreeSet::from([profile.id])).await?;
    Ok(profile)
}

#[tonic::async_trait]
impl ProfileService for Api {
    async fn register_profile(&self, request: Request<pb::RegisterProfileRequest>) -> Answer<pb::RegisterProfileResponse> {
        let new = wire::registration(request.get_ref())?;
        let profile = self.db.write("register profile", async move |connection| register(connection, new).await).await?;
        Ok(Response::new(pb::RegisterProfileResponse { profile: Some(wire::own(profile, &self.currency)) }))
    }

    async fn get_profile(&self, request: Request<pb::GetProfileRequest>) -> Answer<pb::GetProfileResponse> {
        let viewer = Caller::user(&request)?.id;
        let id = request::id("user_id", &request.get_ref().user_id)?;
        let profile = self.get_visible(id, viewer).await?;
        Ok(Response::new(pb::GetProfileResponse { profile: Some(wire::profile(profile, viewer, &self.currency)) }))
    }

    async fn batch_get_profiles(&self, request: Request<pb::BatchGetProfilesRequest>) -> Answer<pb::BatchGetProfilesResponse> {
        let viewer = Caller::user(&request)?.id;
        let asks_who_shares = Caller::of(&request).service.as_deref() == Some(RECIPE);
        let ids = wire::batch(request.get_ref())?;
        let profiles = self.batch_get(&ids, viewer).await?;
        let unsharing = if asks_who_shares { self.unsharing(&ids).await? } else { Vec::new() };
        Ok(Response::new(pb::BatchGetProfilesResponse {
            profiles: profiles.into_iter().map(|profile| wire::profile(profile, viewer, &self.currency)).collect(),
            unsharing_user_ids: unsharing.iter().map(Uuid::to_string).collect(),
        }))
    }

    async fn update_profile(&self, request: Request<pb::UpdateProfileRequest>) -> Answer<pb::UpdateProfileResponse> {
        let user = Caller::user(&request)?.id;
        let patch = wire::update(request.into_inner(), user)?;
        let profile = self.db.write("update profile", async move |connection| update(connection, user, patch).await).await?;
        Ok(Response::new(pb::UpdateProfileResponse { profile: Some(wire::own(profile, &self.currency)) }))
    }

    async fn name_child(&self, request: Request<pb::NameChildRequest>) -> Answer<pb::NameChildResponse> {
        let adult = Caller::user(&request)?.id;
        let (child, name) = wire::child(request.get_ref())?;
        let profile = self.set_child_name(child, adult, name).await?;
        Ok(Response::new(pb::NameChildResponse { profile: Some(wire::others(profile)) }))
    }
}
