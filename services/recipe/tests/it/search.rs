//! Search, as its callers see it.

mod cases;
mod filters;
mod highlights;
mod indexing;
mod pages;
mod plans;
mod seen;

use std::collections::BTreeSet;

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::search_service_client::SearchServiceClient;
use orchard_testkit::client::Client;
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, id, public, strings};

/// A public recipe with a fruit that no other test looks for.
pub fn named(name: &str) -> pb::CreateRecipeRequest {
    pb::CreateRecipeRequest {
        recipe_name: name.to_owned(),
        description: String::new(),
        ingredients: vec![pb::Ingredient { food: "durian".to_owned(), ..Default::default() }],
        tags: Vec::new(),
        request_id: id().to_string(),
        ..public()
    }
}

pub fn text(text: &str) -> pb::SearchRecipesRequest {
    pb::SearchRecipesRequest { text: text.to_owned(), ..Default::default() }
}

pub fn names_of(answer: &pb::SearchRecipesResponse) -> Vec<String> {
    let recipes = answer.results.iter().filter_map(|result| result.recipe.as_ref());
    recipes.map(|recipe| recipe.recipe_name.clone()).collect()
}

impl World {
    pub fn searches(&self, user: Uuid) -> SearchServiceClient<Client> {
        SearchServiceClient::new(self.slice.user(user).expect("client"))
    }

    pub async fn search(&self, request: pb::SearchRecipesRequest) -> Result<pb::SearchRecipesResponse, Status> {
        Ok(self.searches(Uuid::from_u128(1)).search_recipes(request).await?.into_inner())
    }

    /// Returns the names of all recipes that are found, page by page.
    pub async fn found(&self, request: pb::SearchRecipesRequest) -> Result<Vec<String>, Status> {
        let (mut names, mut request) = (Vec::new(), request);
        loop {
            let answer = self.search(request.clone()).await?;
            names.extend(names_of(&answer));
            if answer.next_page_token.is_empty() {
                return Ok(names);
            }
            request.page_token = answer.next_page_token;
        }
    }

    /// Same, in the order of their names.
    pub async fn found_set(&self, request: pb::SearchRecipesRequest) -> Result<BTreeSet<String>, Status> {
        Ok(self.found(request).await?.into_iter().collect())
    }

    /// Creates recipes with nothing but a name, in this order.
    pub async fn create_named(&self, names: &[&str]) -> anyhow::Result<Vec<String>> {
        let mut ids = Vec::new();
        for name in names {
            ids.push(self.create(id(), named(name)).await?.recipe_id);
        }
        Ok(ids)
    }
}

/// Values of a filter.
pub fn values(values: &[&str]) -> Vec<String> {
    strings(values)
}
