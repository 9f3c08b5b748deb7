//! A recipe service and its users.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_recipe::{Service, Settings};
use orchard_testkit::client::Client;
pub use orchard_testkit::client::insist;
use orchard_testkit::service::SliceUnderTest;
use tonic::Status;
use uuid::Uuid;

pub struct World {
    pub slice: SliceUnderTest,
}

pub fn id() -> Uuid {
    Uuid::new_v4()
}

pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

/// A request with every field set.
pub fn crumble() -> pb::CreateRecipeRequest {
    let apples = pb::Ingredient {
        food: "apples".to_owned(),
        quantity: "2.50".to_owned(),
        unit: "cup".to_owned(),
        note: "peeled".to_owned(),
        original_text: "2 1/2 cups of apples, peeled".to_owned(),
    };
    let cinnamon = pb::Ingredient { food: "cinnamon".to_owned(), ..Default::default() };
    pb::CreateRecipeRequest {
        recipe_name: "  Apple crumble ".to_owned(),
        description: "Warm apples under oats.\n\nWithout sugar.".to_owned(),
        ingredients: vec![apples, cinnamon],
        instructions: strings(&["Heat the oven to 180 °C.", " Bake for 35 minutes. "]),
        prep_time_minutes: Some(50),
        servings: 4,
        difficulty_level: 2,
        tags: strings(&["Vegetarian", "autumn", "VEGETARIAN", "Ärger-frei"]),
        image_url: "https://example.org/crumble.jpg".to_owned(),
        is_public: Some(false),
        request_id: id().to_string(),
        nutritional_info: None,
    }
}

impl World {
    pub async fn start() -> anyhow::Result<Self> {
        Ok(Self { slice: SliceUnderTest::start::<Service>(&Settings {}).await? })
    }

    pub fn recipes(&self, user: Uuid) -> anyhow::Result<RecipeServiceClient<Client>> {
        Ok(RecipeServiceClient::new(self.slice.user(user)?))
    }

    pub async fn create(&self, author: Uuid, request: pb::CreateRecipeRequest) -> Result<pb::Recipe, Status> {
        let mut client = self.recipes(author).expect("client");
        Ok(client.create_recipe(request).await?.into_inner().recipe.expect("a recipe"))
    }

    pub async fn get(&self, viewer: Uuid, recipe: &str) -> Result<pb::Recipe, Status> {
        let mut client = self.recipes(viewer).expect("client");
        let request = pb::GetRecipeRequest { recipe_id: recipe.to_owned() };
        Ok(client.get_recipe(request).await?.into_inner().recipe.expect("a recipe"))
    }

    /// Counts recipes, users on the roll, and idempotency keys.
    pub async fn rows(&self) -> anyhow::Result<(i64, i64, i64)> {
        let query = "SELECT (SELECT count(*) FROM user_recipes), (SELECT count(*) FROM users),
            (SELECT count(*) FROM idempotency_keys)";
        let row = self.slice.schema.connect().await?.query_one(query, &[]).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }
}
