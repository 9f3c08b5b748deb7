//! Use cases of `FavouriteService`.

use orchard_privacy::roll;
use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::favourite_service_server::FavouriteService;
use orchard_rpc::{Answer, Fields, read, timestamp_to_wire};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Favourite, store};
use crate::counters::{self, Change, Counter};
use crate::error::Error;
use crate::people::Profiles;
use crate::recipe::{self, RecipeError, store as recipes};
use crate::{Api, request};

/// The most recipes that one request may ask about.
const MAX_BATCH: usize = 200;

impl Api {
    async fn add(&self, recipe: Uuid, user: Uuid) -> Result<(), Error> {
        self.db
            .write("add favourite", async move |connection| {
                roll::enrol_or(connection, user, Error::user_erased).await?;
                recipes::hold_visible(connection, recipe, user).await?.ok_or(RecipeError::NotFound)?;
                if store::insert(connection, user, recipe).await? {
                    counters::change(connection, &[(recipe, Counter::Favourites, Change::Up)]).await?;
                }
                Ok(())
            })
            .await
    }

    async fn remove(&self, recipe: Uuid, user: Uuid) -> Result<(), Error> {
        self.db
            .write("remove favourite", async move |connection| {
                // The recipe is locked before the favourite, as by those who delete the recipe.
                if recipes::hold(connection, recipe).await? && store::delete(connection, user, recipe).await? {
                    counters::change(connection, &[(recipe, Counter::Favourites, Change::Down)]).await?;
                }
                Ok(())
            })
            .await
    }
}

fn to_wire(favourite: Favourite, authors: &Profiles) -> pb::Favourite {
    pb::Favourite {
        recipe_id: favourite.recipe_id.to_string(),
        add_time: Some(timestamp_to_wire(favourite.created_at)),
        is_available: favourite.recipe.is_some(),
        recipe: favourite.recipe.map(|summary| recipe::wire::summary(summary, authors)),
    }
}

#[tonic::async_trait]
impl FavouriteService for Api {
    async fn add_favourite(&self, request: Request<pb::AddFavouriteRequest>) -> Answer<pb::AddFavouriteResponse> {
        let user = Caller::user(&request)?.id;
        let recipe = request::id("recipe_id", &request.get_ref().recipe_id)?;
        self.add(recipe, user).await?;
        Ok(Response::new(pb::AddFavouriteResponse {}))
    }

    async fn remove_favourite(&self, request: Request<pb::RemoveFavouriteRequest>) -> Answer<pb::RemoveFavouriteResponse> {
        let user = Caller::user(&request)?.id;
        let recipe = request::id("recipe_id", &request.get_ref().recipe_id)?;
        self.remove(recipe, user).await?;
        Ok(Response::new(pb::RemoveFavouriteResponse {}))
    }

    async fn list_favourites(&self, request: Request<pb::ListFavouritesRequest>) -> Answer<pb::ListFavouritesResponse> {
        let user = Caller::user(&request)?;
        let pb::ListFavouritesRequest { page_size, page_token } = request.into_inner();
        let page = request::page(format!("ListFavourites {}", user.id), page_size, &page_token)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, user.id, &page).await.map_err(Error::from)?;
        let page = page.page(rows, Favourite::position);
        let available = page.rows.iter().filter_map(|favourite| favourite.recipe.as_ref());
        let authors = available.map(|summary| summary.facts.user_id).collect();
        let authors = self.authors(&user, authors).await;
        Ok(Response::new(pb::ListFavouritesResponse {
            favourites: page.rows.into_iter().map(|favourite| to_wire(favourite, &authors)).collect(),
            next_page_token: page.next_page_token,
            profiles_unavailable: authors.is_unavailable,
        }))
    }

    async fn batch_get_favourites(
        &self,
        request: Request<pb::BatchGetFavouritesRequest>,
    ) -> Answer<pb::BatchGetFavouritesResponse> {
        let user = Caller::user(&request)?.id;
        let mut fields = Fields::default();
        let recipes = fields.values("recipe_ids", 1..=MAX_BATCH, &request.get_ref().recipe_ids, |id| read::uuid(id));
        let recipes = fields.finish(|| recipes).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let favourites = store::among(&connection, user, &recipes).await.map_err(Error::from)?;
        Ok(Response::new(pb::BatchGetFavouritesResponse { recipe_ids: favourites.iter().map(Uuid::to_string).collect() }))
    }

    async fn count_favourites(&self, request: Request<pb::CountFavouritesRequest>) -> Answer<pb::CountFavouritesResponse> {
        let user = Caller::user(&request)?.id;
        let connection = self.db.read().await.map_err(Error::from)?;
        let count = store::count(&connection, user).await.map_err(Error::from)?;
        Ok(Response::new(pb::CountFavouritesResponse { favourites: recipe::wire::count(count) }))
    }
}
