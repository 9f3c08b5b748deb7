//! Profiles, challenges and progress.

pub mod challenge;
pub mod error;
pub mod membership;
pub mod profile;
pub mod progress;
mod schema;

use clap::Args;
use orchard_db::{Db, EmbeddedMigrations};
use orchard_events::Inbox;
use orchard_proto::social::v1::challenge_service_server::ChallengeServiceServer;
use orchard_proto::social::v1::profile_service_server::ProfileServiceServer;
use orchard_proto::social::v1::progress_service_server::ProgressServiceServer;
use orchard_server::{MAX_MESSAGE_BYTES, Parts, ServeOptions, Slice};
use tonic::service::RoutesBuilder;

/// The social slice.
#[derive(Debug)]
pub struct Service;

/// Settings of this slice alone: none yet.
#[derive(Debug, Clone, Args)]
pub struct Settings {}

impl Slice for Service {
    const NAME: &'static str = "social";
    const ABOUT: &'static str = "Profiles, challenges and progress.";
    const PACKAGE: &'static str = "orchard.social.v1";
    type Settings = Settings;

    fn migrations() -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = diesel_migrations::embed_migrations!();
        MIGRATIONS
    }

    fn parts(db: &Db, _settings: &Settings, _options: &ServeOptions) -> anyhow::Result<Parts> {
        let mut routes = RoutesBuilder::default();
        routes
            .add_service(Inbox::<membership::Events>::server(Self::NAME, db))
            .add_service(ProfileServiceServer::new(profile::Api::new(db.clone())).max_decoding_message_size(MAX_MESSAGE_BYTES))
            .add_service(
                ChallengeServiceServer::new(challenge::Api::new(db.clone())).max_decoding_message_size(MAX_MESSAGE_BYTES),
            )
            .add_service(ProgressServiceServer::new(progress::Api::new(db.clone())).max_decoding_message_size(MAX_MESSAGE_BYTES));
        Ok(Parts { packages: vec![orchard_events::PACKAGE], ..Parts::of(routes) })
    }
}
