//! Use cases of notification preferences.

use orchard_db::Connection;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::notification_service_server::NotificationService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Patch, Preferences, store, wire};
use crate::Api;
use crate::error::Error;
use crate::roll;

impl Api {
    async fn preferences(&self, user: Uuid) -> Result<Preferences, Error> {
        Ok(store::get(&*self.db.read().await?, user).await?)
    }
}

async fn update(connection: &mut Connection, user: Uuid, patch: Patch) -> Result<Preferences, Error> {
    roll::enrol(connection, user).await?;
    let before = store::lock(connection, user).await?;
    Ok(store::update(connection, user, &patch.apply(before)).await?)
}

#[tonic::async_trait]
impl NotificationService for Api {
    async fn get_notification_preferences(
        &self,
        request: Request<pb::GetNotificationPreferencesRequest>,
    ) -> Answer<pb::GetNotificationPreferencesResponse> {
        let preferences = self.preferences(Caller::user(&request)?.id).await?;
        let notification_preferences = Some(wire::preferences(preferences));
        Ok(Response::new(pb::GetNotificationPreferencesResponse { notification_preferences }))
    }

    async fn update_notification_preferences(
        &self,
        request: Request<pb::UpdateNotificationPreferencesRequest>,
    ) -> Answer<pb::UpdateNotificationPreferencesResponse> {
        let user = Caller::user(&request)?.id;
        let patch = wire::update(request.into_inner())?;
        let unit = async move |connection: &mut Connection| update(connection, user, patch).await;
        let preferences = self.db.write("update notification preferences", unit).await?;
        let notification_preferences = Some(wire::preferences(preferences));
        Ok(Response::new(pb::UpdateNotificationPreferencesResponse { notification_preferences }))
    }
}
