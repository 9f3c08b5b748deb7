//! Recipes that users share.

pub mod error;
mod recipe;
mod schema;

use clap::Args;
use orchard_db::{Db, EmbeddedMigrations, Migrations};
use orchard_proto::recipe::v1::recipe_service_server::RecipeServiceServer;
use orchard_server::{Parts, ServeOptions, Slice};
use tonic::service::RoutesBuilder;

/// The recipe slice.
#[derive(Debug)]
pub struct Service;

/// Settings of this slice: none.
#[derive(Debug, Clone, Args)]
pub struct Settings {}

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
            RECIPE,
        ])
    }

    fn parts(db: &Db, Settings {}: &Settings, _options: &ServeOptions) -> anyhow::Result<Parts> {
        let mut routes = RoutesBuilder::default();
        routes.add_service(RecipeServiceServer::new(recipe::Api { db: db.clone() }));
        Ok(Parts::of(routes))
    }
}
