//! Recipes that users share.

mod counters;
pub mod error;
mod family;
mod favourite;
mod ingredient;
mod moderation;
mod people;
mod privacy;
mod recipe;
mod request;
mod review;
mod schema;
mod search;
mod search_index;
mod search_words;

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use futures::FutureExt as _;
use orchard_client::{CallOptions, Upstream};
use orchard_db::{Db, EmbeddedMigrations, Migrations};
use orchard_events::{OUTBOX, Outbox, RelayOptions};
use orchard_privacy::{PRIVACY, Privacy};
use orchard_proto::recipe::v1::favourite_service_server::FavouriteServiceServer;
use orchard_proto::recipe::v1::ingredient_service_server::IngredientServiceServer;
use orchard_proto::recipe::v1::moderation_service_server::ModerationServiceServer;
use orchard_proto::recipe::v1::recipe_service_server::RecipeServiceServer;
use orchard_proto::recipe::v1::review_service_server::ReviewServiceServer;
use orchard_proto::recipe::v1::search_service_server::SearchServiceServer;
use orchard_proto::recipe::v1::{RecipeFeatured, RecipePublished};
use orchard_rpc::supervise;
use orchard_server::{Parts, ServeOptions, Slice};
use prost::Name as _;
use tonic::service::RoutesBuilder;
use tonic::transport::Uri;

/// The events that the social service consumes.
const SOCIAL_EVENTS: [fn() -> String; 1] = [RecipeFeatured::full_name];

/// The events that are delivered to the service that notifies users.
const NOTIFICATION_EVENTS: [fn() -> String; 2] = [RecipeFeatured::full_name, RecipePublished::full_name];

/// The recipe slice.
#[derive(Debug)]
pub struct Service;

/// The settings of this slice.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Recipe")]
pub struct Settings {
    /// Address of the family service, which knows who is a child
    #[arg(long, env = "ORCHARD_FAMILY_URL", value_name = "URL")]
    pub family_url: Uri,
    /// Address of the social service, which knows who may see whose profile and gives achievements
    #[arg(long, env = "ORCHARD_SOCIAL_URL", value_name = "URL")]
    pub social_url: Uri,
    /// Address of a service that notifies users and implements `orchard.events.v1.InboxService`; without it, only the social service receives events
    #[arg(long, env = "ORCHARD_NOTIFICATIONS_URL", value_name = "URL")]
    pub notifications_url: Option<Uri>,
    /// How often to look for recipes that search does not know yet, because an earlier release has written them
    #[arg(long, env = "ORCHARD_INDEX_PERIOD", default_value = "10m", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub index_period: Duration,
    /// How this service calls others
    #[command(flatten)]
    pub calls: CallOptions,
    /// How events are delivered
    #[command(flatten)]
    pub relay: RelayOptions,
}

/// Serves the contracts of this slice: each module implements its own service.
#[derive(Debug, Clone)]
struct Api {
    db: Db,
    /// Knows who is a child.
    family: Upstream,
    /// Knows who may see whose profile.
    social: Upstream,
    outbox: Outbox,
}

impl Slice for Service {
    const NAME: &'static str = "recipe";
    const PACKAGE: &'static str = "orchard.recipe.v1";
    type Settings = Settings;

    fn migrations() -> Migrations {
        const RECIPE: EmbeddedMigrations = diesel_migrations::embed_migrations!();
        Migrations::new([
            orchard_db::migrations::IDEMPOTENCY_KEYS,
            orchard_privacy::migrations::USERS,
            orchard_privacy::migrations::ERASED_USERS,
            orchard_events::migrations::OUTBOX,
            RECIPE,
        ])
    }

    fn parts(db: &Db, settings: &Settings, options: &ServeOptions) -> anyhow::Result<Parts> {
        let Settings { family_url, social_url, notifications_url, index_period, calls, relay } = settings;
        let calls = calls.load(Self::NAME, &options.identity.workload_issuer, &options.identity.audience)?;
        let family = calls.to("family", family_url).build().context("--family-url")?;
        let social = calls.to("social", social_url).build().context("--social-url")?;
        let mut outbox =
            Outbox::builder(Self::NAME, db, relay).consumer(social.clone(), SOCIAL_EVENTS.map(|full_name| full_name()));
        if let Some(url) = notifications_url {
            let notifications = calls.to("notifications", url).build().context("--notifications-url")?;
            outbox = outbox.consumer(notifications, NOTIFICATION_EVENTS.map(|full_name| full_name()));
        }
        let (outbox, operations, deliver) = outbox.build();
        let folds = counters::FoldWorker::new(db.clone());
        let index = search_index::IndexWorker::new(db.clone(), *index_period);
        let api = Api { db: db.clone(), family, social, outbox };
        let mut routes = RoutesBuilder::default();
        routes
            .add_service(operations)
            .add_service(Privacy::server(Self::NAME, db, privacy::RecipeData))
            .add_service(IngredientServiceServer::new(api.clone()))
            .add_service(RecipeServiceServer::new(api.clone()))
            .add_service(ReviewServiceServer::new(api.clone()))
            .add_service(SearchServiceServer::new(api.clone()))
            .add_service(FavouriteServiceServer::new(api.clone()))
            .add_service(ModerationServiceServer::new(api));
        Ok(Parts {
            routes,
            shared: vec![OUTBOX, PRIVACY],
            background: vec![
                deliver,
                async move { match supervise("fold counters of recipes", || folds.run()).await {} }.boxed(),
                async move { match supervise("index recipes", || index.run()).await {} }.boxed(),
            ],
        })
    }
}
