//! Health professionals and consultations.

mod availability;
mod directory;
pub mod error;
mod privacy;
mod professional;
mod request;
mod schema;
mod verification;

use std::time::Duration;

use clap::Args;
use futures::FutureExt as _;
use orchard_db::{Db, EmbeddedMigrations, Migrations};
use orchard_privacy::{PRIVACY, Privacy};
use orchard_proto::consultation::v1::availability_service_server::AvailabilityServiceServer;
use orchard_proto::consultation::v1::directory_service_server::DirectoryServiceServer;
use orchard_proto::consultation::v1::professional_service_server::ProfessionalServiceServer;
use orchard_proto::consultation::v1::verification_service_server::VerificationServiceServer;
use orchard_rpc::{Currency, supervise};
use orchard_server::{Parts, ServeOptions, Slice};
use tonic::service::RoutesBuilder;

/// The consultation slice.
#[derive(Debug)]
pub struct Service;

/// Settings of this slice.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Consultation")]
pub struct Settings {
    /// Currency of all prices, by its ISO 4217 code
    #[arg(long, env = "ORCHARD_CURRENCY", default_value = "EUR", value_name = "CODE")]
    pub currency: Currency,
    /// How often to look again for next free slots that have passed or that expired holds have changed
    #[arg(long, env = "ORCHARD_NEXT_SLOT_PERIOD", default_value = "30s", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub next_slot_period: Duration,
}

/// Serves the contracts of this slice: each module implements its own service.
#[derive(Debug, Clone)]
struct Api {
    db: Db,
    currency: Currency,
}

impl Slice for Service {
    const NAME: &'static str = "consultation";
    const PACKAGE: &'static str = "orchard.consultation.v1";
    type Settings = Settings;

    fn migrations() -> Migrations {
        const CONSULTATION: EmbeddedMigrations = diesel_migrations::embed_migrations!();
        Migrations::new([
            orchard_db::migrations::IDEMPOTENCY_KEYS,
            orchard_privacy::migrations::USERS,
            orchard_privacy::migrations::ERASED_USERS,
            CONSULTATION,
        ])
    }

    fn parts(db: &Db, settings: &Settings, _options: &ServeOptions) -> anyhow::Result<Parts> {
        let Settings { currency, next_slot_period } = settings;
        let api = Api { db: db.clone(), currency: currency.clone() };
        let next_slots = availability::Sweeper::new(db.clone(), *next_slot_period);
        let mut routes = RoutesBuilder::default();
        routes
            .add_service(Privacy::server(Self::NAME, db, privacy::ConsultationData))
            .add_service(ProfessionalServiceServer::new(api.clone()))
            .add_service(VerificationServiceServer::new(api.clone()))
            .add_service(DirectoryServiceServer::new(api.clone()))
            .add_service(AvailabilityServiceServer::new(api));
        let next_slots = async move { match supervise("keep next slots", || next_slots.run()).await {} };
        Ok(Parts { routes, shared: vec![PRIVACY], background: vec![next_slots.boxed()] })
    }
}
