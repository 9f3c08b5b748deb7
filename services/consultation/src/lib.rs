//! Health professionals and consultations.

mod availability;
mod booking;
mod claim;
mod directory;
pub mod error;
mod family;
mod paying;
mod payment;
mod privacy;
mod professional;
mod request;
mod schema;
mod session;
mod verification;
mod wallet;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use futures::FutureExt as _;
use orchard_client::{CallOptions, Upstream};
use orchard_db::{Db, EmbeddedMigrations, Migrations};
use orchard_events::{OUTBOX, Outbox, RelayOptions};
use orchard_intents::{INTENTS, Worker};
use orchard_privacy::{PRIVACY, Privacy};
use orchard_proto::consultation::v1::availability_service_server::AvailabilityServiceServer;
use orchard_proto::consultation::v1::booking_service_server::BookingServiceServer;
use orchard_proto::consultation::v1::directory_service_server::DirectoryServiceServer;
use orchard_proto::consultation::v1::payment_service_server::PaymentServiceServer;
use orchard_proto::consultation::v1::professional_service_server::ProfessionalServiceServer;
use orchard_proto::consultation::v1::session_service_server::SessionServiceServer;
use orchard_proto::consultation::v1::verification_service_server::VerificationServiceServer;
use orchard_proto::consultation::v1::{
    ProfessionalSuspended, ProfessionalVerified, ReminderDue, SessionBooked, SessionCancelled, SessionCompleted,
    SessionRescheduled,
};
use orchard_rpc::{Currency, supervise};
use orchard_server::{Parts, ServeOptions, Slice};
use prost::Name as _;
use tonic::service::RoutesBuilder;
use tonic::transport::Uri;

/// The events that the social service consumes.
const SOCIAL_EVENTS: [fn() -> String; 1] = [SessionCompleted::full_name];

/// The events that are delivered to the service that notifies users.
const NOTIFICATION_EVENTS: [fn() -> String; 6] = [
    SessionBooked::full_name,
    SessionRescheduled::full_name,
    SessionCancelled::full_name,
    ReminderDue::full_name,
    ProfessionalVerified::full_name,
    ProfessionalSuspended::full_name,
];

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
    /// How often to look for sessions that are unpaid or to be reminded of, and for payments and refunds that are not done
    #[arg(long, env = "ORCHARD_SESSION_PERIOD", default_value = "1s", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub session_period: Duration,
    /// Address of the family service, which knows who is whose guardian and keeps the wallets
    #[arg(long, env = "ORCHARD_FAMILY_URL", value_name = "URL")]
    pub family_url: Uri,
    /// Address of the social service, which gives achievements
    #[arg(long, env = "ORCHARD_SOCIAL_URL", value_name = "URL")]
    pub social_url: Uri,
    /// Address of a service that notifies users and implements `orchard.events.v1.InboxService`; without it, only the social service receives events
    #[arg(long, env = "ORCHARD_NOTIFICATIONS_URL", value_name = "URL")]
    pub notifications_url: Option<Uri>,
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
    currency: Currency,
    /// Knows who is whose guardian.
    family: Upstream,
    outbox: Outbox,
    payments: Arc<payment::Payments>,
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
            orchard_events::migrations::OUTBOX,
            orchard_intents::migrations::INTENTS,
            CONSULTATION,
        ])
    }

    fn parts(db: &Db, settings: &Settings, options: &ServeOptions) -> anyhow::Result<Parts> {
        let Settings { currency, next_slot_period, session_period, family_url, social_url, notifications_url, calls, relay } =
            settings;
        let calls = calls.load(Self::NAME, &options.identity.workload_issuer, &options.identity.audience)?;
        let family = calls.to("family", family_url).build().context("--family-url")?;
        let social = calls.to("social", social_url).build().context("--social-url")?;
        let mut outbox = Outbox::builder(Self::NAME, db, relay).consumer(social, SOCIAL_EVENTS.map(|full_name| full_name()));
        if let Some(url) = notifications_url {
            let notifications = calls.to("notifications", url).build().context("--notifications-url")?;
            outbox = outbox.consumer(notifications, NOTIFICATION_EVENTS.map(|full_name| full_name()));
        }
        let (outbox, operations, deliver) = outbox.build();
        let payments = payment::Payments { db: db.clone(), family: family.clone(), currency: currency.clone() };
        let payments = Arc::new(payments);
        let api =
            Api { db: db.clone(), currency: currency.clone(), family, outbox: outbox.clone(), payments: Arc::clone(&payments) };
        let data = privacy::ConsultationData { outbox: outbox.clone() };
        let mut routes = RoutesBuilder::default();
        routes
            .add_service(operations)
            .add_service(orchard_intents::service(Self::NAME, db, &payments))
            .add_service(Privacy::server(Self::NAME, db, data))
            .add_service(ProfessionalServiceServer::new(api.clone()))
            .add_service(VerificationServiceServer::new(api.clone()))
            .add_service(DirectoryServiceServer::new(api.clone()))
            .add_service(AvailabilityServiceServer::new(api.clone()))
            .add_service(BookingServiceServer::new(api.clone()))
            .add_service(PaymentServiceServer::new(api.clone()))
            .add_service(SessionServiceServer::new(api));
        let next_slots = availability::Sweeper::new(db.clone(), *next_slot_period);
        let next_slots = async move { match supervise("keep next slots", || next_slots.run()).await {} };
        let finish = Worker::new(db, &payments, *session_period).run().map(|never| match never {});
        let sessions = keep_sessions(db.clone(), outbox, *session_period);
        Ok(Parts {
            routes,
            shared: vec![INTENTS, OUTBOX, PRIVACY],
            background: vec![deliver, next_slots.boxed(), finish.boxed(), sessions.boxed()],
        })
    }
}

/// Does what sessions are due for, as long as the process runs.
async fn keep_sessions(db: Db, outbox: Outbox, period: Duration) {
    let (never, _, _) = futures::join!(
        supervise("complete sessions", || session::complete_forever(&db, &outbox)),
        supervise("cancel unpaid sessions", || session::cancel_unpaid_forever(&db, &outbox, period)),
        supervise("send reminders", || session::remind_forever(&db, &outbox, period)),
    );
    match never {}
}
