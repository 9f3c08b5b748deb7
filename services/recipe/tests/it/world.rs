//! A recipe service and its users, with the family and social services that it asks.

use std::sync::Arc;
use std::time::Duration;

use orchard_events::RelayOptions;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::favourite_service_client::FavouriteServiceClient;
use orchard_proto::recipe::v1::ingredient_service_client::IngredientServiceClient;
use orchard_proto::recipe::v1::moderation_service_client::ModerationServiceClient;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_proto::recipe::v1::review_service_client::ReviewServiceClient;
use orchard_proto::social::v1 as social;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_recipe::{Service, Settings};
use orchard_server::Clock;
use orchard_testkit::client::Client;
pub use orchard_testkit::client::insist;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::schema::refuse_stale_updates;
use orchard_testkit::service::{SliceUnderTest, calls, defaults, free_address};
use tonic::Status;
use uuid::Uuid;

pub struct World {
    pub slice: SliceUnderTest,
    /// The family service, if the world started one.
    pub family: Option<SliceUnderTest>,
    /// The social service, if the world started one.
    pub social: Option<SliceUnderTest>,
}

/// An address at which no service listens.
pub const NOWHERE: &str = "http://127.0.0.1:1";

pub fn id() -> Uuid {
    Uuid::new_v4()
}

pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

pub fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: strings(paths) })
}

/// A request with every field set.
pub fn crumble() -> pb::CreateRecipeRequest {
    let apples = pb::Ingredient {
        food: "apples".to_owned(),
        quantity: "2.50".to_owned(),
        unit: "cup".to_owned(),
        note: "peeled".to_owned(),
        original_text: "2 1/2 cups of apples, peeled".to_owned(),
        ..Default::default()
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
        nutritional_info: Some(pb::NutritionEstimate {
            energy_kcal: Some(250),
            protein_grams: Some(0),
            sodium_milligrams: Some(12),
            ..Default::default()
        }),
    }
}

/// The same, public.
pub fn public() -> pb::CreateRecipeRequest {
    pb::CreateRecipeRequest { is_public: Some(true), ..crumble() }
}

fn relay() -> RelayOptions {
    RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_millis(50) }
}

/// Returns settings with the services at these addresses, and no service that notifies users.
pub fn settings(keys: &DevKeys, family_url: &str, social_url: &str) -> Settings {
    Settings {
        family_url: family_url.parse().expect("a URL"),
        social_url: social_url.parse().expect("a URL"),
        notifications_url: None,
        index_period: Duration::from_secs(600),
        calls: calls(keys, "recipe"),
        relay: relay(),
    }
}

async fn start_family(keys: &Arc<DevKeys>) -> anyhow::Result<SliceUnderTest> {
    let settings = orchard_family::Settings {
        currency: "EUR".parse().expect("currency"),
        social_url: NOWHERE.parse().expect("a URL"),
        calls: calls(keys, "family"),
        relay: relay(),
    };
    SliceUnderTest::start_in::<orchard_family::Service>(&settings, Schema::create().await?, Arc::clone(keys)).await
}

async fn start_social(keys: &Arc<DevKeys>, family_url: &str) -> anyhow::Result<SliceUnderTest> {
    let settings = orchard_social::Settings {
        currency: "EUR".parse().expect("currency"),
        consultation_url: NOWHERE.parse().expect("a URL"),
        family_url: family_url.parse().expect("a URL"),
        recipe_url: NOWHERE.parse().expect("a URL"),
        notifications_url: None,
        calls: calls(keys, "social"),
        relay: relay(),
        finalise_period: Duration::from_secs(60),
        erasure_delay: Duration::ZERO,
        referrals: defaults(),
        clock: Clock::default(),
    };
    SliceUnderTest::start_in::<orchard_social::Service>(&settings, Schema::create().await?, Arc::clone(keys)).await
}

pub fn url(slice: &SliceUnderTest) -> String {
    format!("http://{}", slice.running.address)
}

impl World {
    /// Starts the service with a family and a social service.
    pub async fn start() -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let family = start_family(&keys).await?;
        let social = start_social(&keys, &url(&family)).await?;
        let world = Self::asking(&url(&family), &url(&social), keys).await?;
        Ok(Self { family: Some(family), social: Some(social), ..world })
    }

    /// Starts the service, which asks these services.
    pub async fn asking(family_url: &str, social_url: &str, keys: Arc<DevKeys>) -> anyhow::Result<Self> {
        Self::with(&settings(&keys, family_url, social_url), keys).await
    }

    /// Starts the service with these settings.
    pub async fn with(settings: &Settings, keys: Arc<DevKeys>) -> anyhow::Result<Self> {
        let slice = SliceUnderTest::start_in::<Service>(settings, Schema::create().await?, keys).await?;
        refuse_stale_updates(&slice.schema.connect().await?).await?;
        Ok(Self { slice, family: None, social: None })
    }

    /// Starts the service with a family service, and without a social service.
    pub async fn without_social() -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let family = start_family(&keys).await?;
        let world = Self::asking(&url(&family), &format!("http://{}", free_address()), keys).await?;
        Ok(Self { family: Some(family), ..world })
    }

    pub fn recipes(&self, user: Uuid) -> RecipeServiceClient<Client> {
        RecipeServiceClient::new(self.slice.user(user).expect("client"))
    }

    pub fn reviews(&self, user: Uuid) -> ReviewServiceClient<Client> {
        ReviewServiceClient::new(self.slice.user(user).expect("client"))
    }

    pub fn favourites(&self, user: Uuid) -> FavouriteServiceClient<Client> {
        FavouriteServiceClient::new(self.slice.user(user).expect("client"))
    }

    pub fn ingredients(&self, user: Uuid) -> IngredientServiceClient<Client> {
        IngredientServiceClient::new(self.slice.user(user).expect("client"))
    }

    pub fn moderation(&self, user: Uuid, roles: &[&str]) -> ModerationServiceClient<Client> {
        ModerationServiceClient::new(self.slice.user_with(user, roles).expect("client"))
    }

    pub async fn create(&self, author: Uuid, request: pb::CreateRecipeRequest) -> Result<pb::Recipe, Status> {
        Ok(self.recipes(author).create_recipe(request).await?.into_inner().recipe.expect("a recipe"))
    }

    /// Creates a public recipe, and returns its id.
    pub async fn publish(&self, author: Uuid) -> anyhow::Result<String> {
        Ok(self.create(author, public()).await?.recipe_id)
    }

    pub async fn get(&self, viewer: Uuid, recipe: &str) -> Result<pb::Recipe, Status> {
        let request = pb::GetRecipeRequest { recipe_id: recipe.to_owned() };
        Ok(self.recipes(viewer).get_recipe(request).await?.into_inner().recipe.expect("a recipe"))
    }

    /// Changes fields of a recipe, whose id and etag are in `recipe`.
    pub async fn update(&self, author: Uuid, recipe: pb::Recipe, paths: &[&str]) -> Result<pb::Recipe, Status> {
        let request = pb::UpdateRecipeRequest { recipe: Some(recipe), update_mask: mask(paths) };
        Ok(self.recipes(author).update_recipe(request).await?.into_inner().recipe.expect("a recipe"))
    }

    pub async fn set_public(&self, author: Uuid, recipe: &str, is_public: bool) -> Result<pb::Recipe, Status> {
        let recipe = pb::Recipe { recipe_id: recipe.to_owned(), is_public, ..Default::default() };
        self.update(author, recipe, &["is_public"]).await
    }

    pub async fn review(&self, reviewer: Uuid, recipe: &str, rating: i32) -> Result<pb::Review, Status> {
        let request = pb::CreateReviewRequest {
            recipe_id: recipe.to_owned(),
            rating,
            review_text: "Crunchy".to_owned(),
            request_id: id().to_string(),
        };
        Ok(self.reviews(reviewer).create_review(request).await?.into_inner().review.expect("a review"))
    }

    pub async fn list_reviews(&self, viewer: Uuid, recipe: &str) -> Result<Vec<pb::Review>, Status> {
        let request = pb::ListReviewsRequest { recipe_id: recipe.to_owned(), ..Default::default() };
        Ok(self.reviews(viewer).list_reviews(request).await?.into_inner().reviews)
    }

    pub async fn hide(&self, moderator: Uuid, recipe: &str) -> Result<pb::RecipeSummary, Status> {
        let request = pb::HideRecipeRequest { recipe_id: recipe.to_owned(), note: "Not food".to_owned() };
        let answer = self.moderation(moderator, &["moderator"]).hide_recipe(request).await?;
        Ok(answer.into_inner().recipe.expect("a recipe"))
    }

    pub async fn register(&self, user: Uuid, name: &str, level: social::PrivacyLevel) -> anyhow::Result<()> {
        let social = self.social.as_ref().expect("a social service");
        let request = social::RegisterProfileRequest {
            user_id: user.to_string(),
            display_name: name.to_owned(),
            time_zone: "UTC".to_owned(),
            privacy_level: level.into(),
        };
        ProfileServiceClient::new(social.service("identity")?).register_profile(request).await?;
        Ok(())
    }

    /// Adds a child to a new family, and returns its id.
    pub async fn child(&self) -> anyhow::Result<Uuid> {
        let (family, parent) = (self.family.as_ref().expect("a family service"), id());
        let plan = family::CreatePlanRequest {
            family_name: "Appleton".to_owned(),
            time_zone: "UTC".to_owned(),
            request_id: id().to_string(),
        };
        let plan = PlanServiceClient::new(family.user(parent)?).create_plan(plan).await?.into_inner().plan.expect("a plan");
        let child = family::AddChildRequest {
            family_plan_id: plan.family_plan_id,
            display_name: "Pip".to_owned(),
            guardian_consent: true,
            request_id: id().to_string(),
            ..Default::default()
        };
        let child = MemberServiceClient::new(family.user(parent)?).add_child(child).await?.into_inner().member;
        Ok(child.expect("a member").user_id.parse()?)
    }

    /// Counts recipes, users on the roll, and idempotency keys.
    pub async fn rows(&self) -> anyhow::Result<(i64, i64, i64)> {
        let query = "SELECT (SELECT count(*) FROM user_recipes), (SELECT count(*) FROM users),
            (SELECT count(*) FROM idempotency_keys)";
        let row = self.slice.schema.connect().await?.query_one(query, &[]).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }
}
