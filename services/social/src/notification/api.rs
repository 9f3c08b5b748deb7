//! Use cases of notification preferences.

use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::notification_service_server::NotificationService;
use orchard_server::Caller;
use tonic::{Request, Response, Status};

use super::{store, wire};
use crate::error::Error;
use crate::roll;

/// Serves `NotificationService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
}

impl Api {
    /// Serves preferences from `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[tonic::async_trait]
impl NotificationService for Api {
    async fn get_notification_preferences(
        &self,
        request: Request<pb::GetNotificationPreferencesRequest>,
    ) -> Result<Response<pb::GetNotificationPreferencesResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let connection = self.db.read().await.map_err(Error::from)?;
        let said = store::get(&connection, user).await.map_err(Error::from)?;
        let notification_preferences = Some(wire::preferences(said.unwrap_or_default()));
        Ok(Response::new(pb::GetNotificationPreferencesResponse { notification_preferences }))
    }

    async fn update_notification_preferences(
        &self,
        request: Request<pb::UpdateNotificationPreferencesRequest>,
    ) -> Result<Response<pb::UpdateNotificationPreferencesResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let patch = wire::update(request.into_inner()).map_err(Error::from)?;
        let wanted = self
            .db
            .write("update notification preferences", async move |connection| {
                roll::enrol(connection, user).await?;
                let before = store::lock(connection, user).await?;
                Ok::<_, Error>(store::update(connection, user, &patch.apply(before)).await?)
            })
            .await?;
        let notification_preferences = Some(wire::preferences(wanted));
        Ok(Response::new(pb::UpdateNotificationPreferencesResponse { notification_preferences }))
    }
}
