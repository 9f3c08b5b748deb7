//! Use cases of recipes.

use orchard_db::Db;
use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::recipe_service_server::RecipeService;
use orchard_rpc::{Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{RecipeError, store, wire};
use crate::error::Error;
use crate::roll;

/// Serves `RecipeService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
}

impl Api {
    /// Serves recipes from `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[tonic::async_trait]
impl RecipeService for Api {
    async fn create_recipe(
        &self,
        request: Request<pb::CreateRecipeRequest>,
    ) -> Result<Response<pb::CreateRecipeResponse>, Status> {
        let author = Caller::user(&request)?.id;
        let new = wire::new_recipe(request.get_ref(), author).map_err(Error::from)?;
        let recipe = self
            .db
            .write("create recipe", async move |connection| {
                let (id, first) = new.key.claim_one(connection, Uuid::now_v7()).await?;
                if first {
                    roll::enrol(connection, author).await?;
                    return Ok::<_, Error>(store::insert(connection, id, author, &new.content).await?);
                }
                store::seen_by(connection, id, author).await?.ok_or_else(|| Error::from(RecipeError::NotFound))
            })
            .await?;
        Ok(Response::new(pb::CreateRecipeResponse { recipe: Some(wire::recipe(recipe, author)) }))
    }

    async fn get_recipe(&self, request: Request<pb::GetRecipeRequest>) -> Result<Response<pb::GetRecipeResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let id = Fields::one("recipe_id", read::uuid(&request.get_ref().recipe_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::seen_by(&connection, id, viewer).await.map_err(Error::from)?;
        let recipe = found.ok_or_else(|| Error::from(RecipeError::NotFound))?;
        Ok(Response::new(pb::GetRecipeResponse { recipe: Some(wire::recipe(recipe, viewer)) }))
    }
}
