//! Family plans: members, invitations, the shared wallet, nutrition.

pub mod error;
pub mod invitation;
pub mod member;
pub mod nutrition;
pub mod plan;
mod roll;
mod schema;
pub mod wallet;

use clap::Args;
use orchard_db::{Db, EmbeddedMigrations};
use orchard_proto::family::v1::invitation_service_server::InvitationServiceServer;
use orchard_proto::family::v1::member_service_server::MemberServiceServer;
use orchard_proto::family::v1::nutrition_service_server::NutritionServiceServer;
use orchard_proto::family::v1::plan_service_server::PlanServiceServer;
use orchard_proto::family::v1::wallet_service_server::WalletServiceServer;
use orchard_rpc::Currency;
use orchard_server::{MAX_MESSAGE_BYTES, Slice};
use tonic::service::RoutesBuilder;

/// The family slice.
#[derive(Debug)]
pub struct Service;

/// Settings of this slice alone.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Family")]
pub struct Settings {
    /// Currency of all wallets, by its ISO 4217 code
    #[arg(long, env = "ORCHARD_CURRENCY", default_value = "EUR", value_name = "CODE")]
    pub currency: Currency,
}

impl Slice for Service {
    const NAME: &'static str = "family";
    const ABOUT: &'static str = "Family plans: members, invitations, the shared wallet, nutrition.";
    const PACKAGE: &'static str = "orchard.family.v1";
    type Settings = Settings;

    fn migrations() -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = diesel_migrations::embed_migrations!();
        MIGRATIONS
    }

    fn routes(db: &Db, settings: &Settings) -> RoutesBuilder {
        let Settings { currency } = settings;
        let mut routes = RoutesBuilder::default();
        routes
            .add_service(
                PlanServiceServer::new(plan::Api::new(db.clone(), currency.clone())).max_decoding_message_size(MAX_MESSAGE_BYTES),
            )
            .add_service(MemberServiceServer::new(member::Api::new(db.clone())).max_decoding_message_size(MAX_MESSAGE_BYTES))
            .add_service(
                InvitationServiceServer::new(invitation::Api::new(db.clone())).max_decoding_message_size(MAX_MESSAGE_BYTES),
            )
            .add_service(
                WalletServiceServer::new(wallet::Api::new(db.clone(), currency.clone()))
                    .max_decoding_message_size(MAX_MESSAGE_BYTES),
            )
            .add_service(
                NutritionServiceServer::new(nutrition::Api::new(db.clone())).max_decoding_message_size(MAX_MESSAGE_BYTES),
            );
        routes
    }
}
