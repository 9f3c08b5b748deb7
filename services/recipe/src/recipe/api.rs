//! Use cases of `RecipeService`.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::recipe_service_server::RecipeService;
use orchard_rpc::Answer;
use orchard_server::{Caller, User};
use tonic::{Request, Response};
use uuid::Uuid;

use super::editing::{self, Edit};
use super::{Patch, Recipe, RecipeError, Summary, document, nutrition, scaling, store, wire};
use crate::error::Error;
use crate::people::Profiles;
use crate::{Api, family, request};

impl Api {
    /// Asks the family service whether the author is a child, if a change is about a recipe that is public or becomes so.
    async fn is_child(&self, id: Uuid, author: Uuid, patch: &Patch) -> Result<Option<bool>, Error> {
        let becomes_public = match patch.is_public {
            Some(becomes_public) => becomes_public,
            None => store::is_public(&*self.db.read().await?, id, author).await?.unwrap_or_default(),
        };
        if !becomes_public {
            return Ok(None);
        }
        family::is_child(&self.family, author).await.map(Some).ok_or_else(family::unavailable)
    }

    async fn get_visible(&self, id: Uuid, viewer: Uuid) -> Result<Recipe, Error> {
        let found = store::find_visible(&*self.db.read().await?, id, viewer).await?;
        Ok(found.ok_or(RecipeError::NotFound)?)
    }

    /// Returns what `viewer` may know of the authors of recipes.
    pub(crate) async fn authors(&self, viewer: &User, authors: Vec<Uuid>) -> Profiles {
        Profiles::of(&self.social, viewer, authors).await
    }
}

#[tonic::async_trait]
impl RecipeService for Api {
    async fn create_recipe(&self, request: Request<pb::CreateRecipeRequest>) -> Answer<pb::CreateRecipeResponse> {
        let author = Caller::user(&request)?.id;
        let (key, content) = wire::new_recipe(request.get_ref(), author)?;
        let is_asked = content.heading.is_public && content.check_fruit().is_ok();
        let is_child = if is_asked { family::is_child(&self.family, author).await } else { Some(false) };
        let recipe = editing::create(&self.db, &self.outbox, key, content, author, is_child).await?;
        Ok(Response::new(pb::CreateRecipeResponse { recipe: Some(wire::recipe(recipe, &Profiles::only(author))) }))
    }

    async fn get_recipe(&self, request: Request<pb::GetRecipeRequest>) -> Answer<pb::GetRecipeResponse> {
        let viewer = Caller::user(&request)?;
        let id = request::id("recipe_id", &request.get_ref().recipe_id)?;
        let recipe = self.get_visible(id, viewer.id).await?;
        let authors = self.authors(&viewer, vec![recipe.facts.user_id]).await;
        let profiles_unavailable = authors.is_unavailable;
        Ok(Response::new(pb::GetRecipeResponse { recipe: Some(wire::recipe(recipe, &authors)), profiles_unavailable }))
    }

    async fn scale_recipe(&self, request: Request<pb::ScaleRecipeRequest>) -> Answer<pb::ScaleRecipeResponse> {
        let viewer = Caller::user(&request)?.id;
        let (id, scale) = wire::scale(request.get_ref())?;
        let Recipe { facts, content } = self.get_visible(id, viewer).await?;
        let scaled = scaling::scale(&content, scale).map_err(Error::from)?;
        Ok(Response::new(wire::scaled(&facts, scaled)))
    }

    async fn get_recipe_nutrition(
        &self,
        request: Request<pb::GetRecipeNutritionRequest>,
    ) -> Answer<pb::GetRecipeNutritionResponse> {
        let viewer = Caller::user(&request)?.id;
        let id = request::id("recipe_id", &request.get_ref().recipe_id)?;
        let recipe = self.get_visible(id, viewer).await?;
        let nutrition = nutrition::of(&recipe.content);
        Ok(Response::new(wire::nutrition(recipe, &nutrition)))
    }

    async fn import_recipe(&self, request: Request<pb::ImportRecipeRequest>) -> Answer<pb::ImportRecipeResponse> {
        let author = Caller::user(&request)?.id;
        let (key, document::Imported { content, dropped }) = wire::import(request.get_ref(), author)?;
        // It is private, so it does not matter who is a child.
        let recipe = editing::create(&self.db, &self.outbox, key, content, author, None).await?;
        Ok(Response::new(wire::imported(wire::recipe(recipe, &Profiles::only(author)), &dropped)))
    }

    async fn export_recipe(&self, request: Request<pb::ExportRecipeRequest>) -> Answer<pb::ExportRecipeResponse> {
        let viewer = Caller::user(&request)?.id;
        let id = request::id("recipe_id", &request.get_ref().recipe_id)?;
        let recipe = self.get_visible(id, viewer).await?;
        Ok(Response::new(pb::ExportRecipeResponse { document: document::export(&recipe.content) }))
    }

    async fn batch_get_recipes(&self, request: Request<pb::BatchGetRecipesRequest>) -> Answer<pb::BatchGetRecipesResponse> {
        let viewer = Caller::user(&request)?;
        let ids = wire::batch(request.get_ref())?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let recipes = store::batch(&connection, &ids, viewer.id).await.map_err(Error::from)?;
        let authors = self.authors(&viewer, recipes.iter().map(|recipe| recipe.facts.user_id).collect()).await;
        Ok(Response::new(wire::batch_answer(recipes, &authors)))
    }

    async fn update_recipe(&self, request: Request<pb::UpdateRecipeRequest>) -> Answer<pb::UpdateRecipeResponse> {
        let author = Caller::user(&request)?.id;
        let (id, version, patch) = wire::update(request.into_inner())?;
        let is_child = self.is_child(id, author, &patch).await?;
        let recipe = editing::update(&self.db, &self.outbox, Edit { id, author, version, patch, is_child }).await?;
        Ok(Response::new(pb::UpdateRecipeResponse { recipe: Some(wire::recipe(recipe, &Profiles::only(author))) }))
    }

    async fn delete_recipe(&self, request: Request<pb::DeleteRecipeRequest>) -> Answer<pb::DeleteRecipeResponse> {
        let author = Caller::user(&request)?.id;
        let (id, version) = wire::delete(request.get_ref())?;
        editing::delete(&self.db, id, author, version).await?;
        Ok(Response::new(pb::DeleteRecipeResponse {}))
    }

    async fn list_recipes(&self, request: Request<pb::ListRecipesRequest>) -> Answer<pb::ListRecipesResponse> {
        let author = Caller::user(&request)?.id;
        let pb::ListRecipesRequest { page_size, page_token } = request.into_inner();
        let page = request::page(format!("ListRecipes {author}"), page_size, &page_token)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, author, &page).await.map_err(Error::from)?;
        let page = page.page(rows, Summary::position);
        let own = Profiles::only(author);
        Ok(Response::new(pb::ListRecipesResponse {
            recipes: page.rows.into_iter().map(|summary| wire::summary(summary, &own)).collect(),
            next_page_token: page.next_page_token,
        }))
    }
}
