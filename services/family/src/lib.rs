//! Family plans: members, invitations, the shared wallet, nutrition.

mod blocks;
mod credits;
pub mod error;
mod events;
mod hold;
mod invitation;
mod ledger;
mod member;
mod nutrition;
mod plan;
mod privacy;
mod rights;
mod roll;
mod schema;
mod transition;
mod wallet;
mod wire;

use anyhow::Context as _;
use clap::Args;
use orchard_client::CallOptions;
use orchard_db::{Db, EmbeddedMigrations, Migrations};
use orchard_events::{INBOX, Inbox, OUTBOX, Outbox, RelayOptions};
use orchard_privacy::{PRIVACY, Privacy};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::hold_service_server::HoldServiceServer;
use orchard_proto::family::v1::invitation_service_server::InvitationServiceServer;
use orchard_proto::family::v1::member_service_server::MemberServiceServer;
use orchard_proto::family::v1::nutrition_service_server::NutritionServiceServer;
use orchard_proto::family::v1::plan_service_server::PlanServiceServer;
use orchard_proto::family::v1::wallet_service_server::WalletServiceServer;
use orchard_rpc::{Currency, supervise};
use orchard_server::{Parts, ServeOptions, Slice};
use prost::Name as _;
use tonic::service::RoutesBuilder;
use tonic::transport::Uri;

/// Events that the social slice consumes.
const SOCIAL_EVENTS: [fn() -> String; 8] = [
    pb::MemberJoined::full_name,
    pb::MemberLeft::full_name,
    pb::RoleChanged::full_name,
    pb::PlanClosed::full_name,
    pb::ChildProtected::full_name,
    pb::ChildReleased::full_name,
    pb::CreditsDeposited::full_name,
    pb::CreditsRejected::full_name,
];

/// The family slice.
#[derive(Debug)]
pub struct Service;

/// Settings that only this slice has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Family")]
pub struct Settings {
    /// Currency of all wallets, by its ISO 4217 code
    #[arg(long, env = "ORCHARD_CURRENCY", default_value = "EUR", value_name = "CODE")]
    pub currency: Currency,
    /// Address of the social service, which consumes the events of plans
    #[arg(long, env = "ORCHARD_SOCIAL_URL", value_name = "URL")]
    pub social_url: Uri,
    /// Credentials and limits of calls to other services
    #[command(flatten)]
    pub calls: CallOptions,
    /// Retries of events that their consumer refuses
    #[command(flatten)]
    pub relay: RelayOptions,
}

/// Serves the contracts of this slice: each module implements its own service.
#[derive(Debug, Clone)]
struct Api {
    db: Db,
    currency: Currency,
    outbox: Outbox,
}

impl Slice for Service {
    const NAME: &'static str = "family";
    const PACKAGE: &'static str = "orchard.family.v1";
    type Settings = Settings;

    fn migrations() -> Migrations {
        const FAMILY: EmbeddedMigrations = diesel_migrations::embed_migrations!();
        Migrations::new([
            orchard_db::migrations::IDEMPOTENCY_KEYS,
            orchard_privacy::migrations::USERS,
            orchard_privacy::migrations::ERASED_USERS,
            orchard_events::migrations::OUTBOX,
            orchard_events::migrations::INBOX,
            FAMILY,
        ])
    }

    fn parts(db: &Db, settings: &Settings, options: &ServeOptions) -> anyhow::Result<Parts> {
        let Settings { currency, social_url, calls, relay } = settings;
        let calls = calls.load(Self::NAME, &options.identity.workload_issuer, &options.identity.audience)?;
        let social = calls.to("social", social_url).build().context("--social-url")?;
        let outbox = Outbox::builder(Self::NAME, db, relay).consumer(social, SOCIAL_EVENTS.map(|name| name()));
        let (outbox, operations, deliver) = outbox.build();
        let api = Api { db: db.clone(), currency: currency.clone(), outbox: outbox.clone() };
        let events = events::Events { outbox: outbox.clone(), currency: currency.clone() };
        let mut routes = RoutesBuilder::default();
        routes
            .add_service(operations)
            .add_service(Inbox::server(Self::NAME, db, events))
            .add_service(PlanServiceServer::new(api.clone()))
            .add_service(MemberServiceServer::new(api.clone()))
            .add_service(InvitationServiceServer::new(api.clone()))
            .add_service(Privacy::server(Self::NAME, db, privacy::UserData(outbox)))
            .add_service(WalletServiceServer::new(api.clone()))
            .add_service(HoldServiceServer::new(api.clone()))
            .add_service(NutritionServiceServer::new(api));
        let keep_expired = {
            let db = db.clone();
            async move { match supervise("end expired holds", || hold::keep_expired(db.clone())).await {} }
        };
        Ok(Parts { routes, shared: vec![INBOX, OUTBOX, PRIVACY], background: vec![deliver, Box::pin(keep_expired)] })
    }
}
