//! The recipe service.

use orchard_db::{Connection, Db};
use orchard_privacy::roll;
use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::recipe_service_server::RecipeService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Recipe, RecipeError, store, wire};
use crate::error::Error;

/// Serves `RecipeService`.
#[derive(Debug)]
pub struct Api {
    pub(crate) db: Db,
}

#[tonic::async_trait]
impl RecipeService for Api {
    async fn create_recipe(&self, request: Request<pb::CreateRecipeRequest>) -> Answer<pb::CreateRecipeResponse> {
        let author = Caller::user(&request)?.id;
        let new = wire::new_recipe(request.get_ref(), author).map_err(Error::from)?;
        let create = async move |connection: &mut Connection| match new.key.claim_id(connection).await? {
            (id, true) => {
                roll::enrol_or(connection, author, Error::user_erased).await?;
                Ok(store::insert(connection, id, author, &new.content).await?)
            }
            (id, false) => get(connection, id, author).await,
        };
        let recipe = self.db.write("create recipe", create).await?;
        Ok(Response::new(pb::CreateRecipeResponse { recipe: Some(wire::recipe(recipe, author)) }))
    }

    async fn get_recipe(&self, request: Request<pb::GetRecipeRequest>) -> Answer<pb::GetRecipeResponse> {
        let viewer = Caller::user(&request)?.id;
        let id = wire::recipe_id(&request.get_ref().recipe_id).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let recipe = get(&connection, id, viewer).await?;
        Ok(Response::new(pb::GetRecipeResponse { recipe: Some(wire::recipe(recipe, viewer)) }))
    }
}

/// Returns a recipe that `viewer` may see.
async fn get(connection: &Connection, id: Uuid, viewer: Uuid) -> Result<Recipe, Error> {
    store::find_visible(connection, id, viewer).await?.ok_or_else(|| RecipeError::NotFound.into())
}
