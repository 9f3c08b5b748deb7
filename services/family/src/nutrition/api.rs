//! Use cases of nutrition.

use chrono::Utc;
use orchard_db::Db;
use orchard_db::idempotency::Claim;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::nutrition_service_server::NutritionService;
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{store, wire};
use crate::error::Error;
use crate::roll;

/// Serves `NutritionService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
}

impl Api {
    /// Serves nutrition from `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[tonic::async_trait]
impl NutritionService for Api {
    async fn record_intake(
        &self,
        request: Request<pb::RecordIntakeRequest>,
    ) -> Result<Response<pb::RecordIntakeResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let new = wire::record(request.get_ref(), user, Utc::now()).map_err(Error::from)?;
        let intakes = self
            .db
            .write("record intake", async move |connection| {
                let ids: Vec<Uuid> = new.intakes.iter().map(|_| Uuid::now_v7()).collect();
                let ids = match new.key.claim(connection, &ids).await? {
                    Claim::First => {
                        roll::enrol(connection, user).await?;
                        store::insert(connection, user, &ids, &new.intakes).await?;
                        ids
                    }
                    Claim::Repeated(ids) => ids,
                };
                Ok::<_, Error>(store::get(connection, user, &ids).await?)
            })
            .await?;
        Ok(Response::new(pb::RecordIntakeResponse { intakes: intakes.into_iter().map(wire::intake).collect() }))
    }
}
