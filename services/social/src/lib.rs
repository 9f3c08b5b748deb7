//! Profiles, friends, achievements, challenges and progress.

mod board_copies;
mod challenges;
mod clock;
mod erasure;
pub mod error;
mod events;
mod notification;
mod people;
mod privacy;
mod reconcile;
mod referrals;
mod request;
mod rewards;
mod roll;
mod schema;
mod spelling;
mod visibility;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use futures::FutureExt as _;
use orchard_client::{CallOptions, Upstream};
use orchard_db::{Db, EmbeddedMigrations, Migrations};
use orchard_events::{INBOX, Inbox, OUTBOX, Outbox, RelayOptions};
use orchard_intents::{INTENTS, Worker};
use orchard_privacy::{PRIVACY, Privacy};
use orchard_proto::social::v1::achievement_service_server::AchievementServiceServer;
use orchard_proto::social::v1::challenge_service_server::ChallengeServiceServer;
use orchard_proto::social::v1::credit_service_server::CreditServiceServer;
use orchard_proto::social::v1::erasure_service_server::ErasureServiceServer;
use orchard_proto::social::v1::fingerprint_service_server::FingerprintServiceServer;
use orchard_proto::social::v1::friendship_service_server::FriendshipServiceServer;
use orchard_proto::social::v1::fruit_service_server::FruitServiceServer;
use orchard_proto::social::v1::leaderboard_service_server::LeaderboardServiceServer;
use orchard_proto::social::v1::notification_service_server::NotificationServiceServer;
use orchard_proto::social::v1::participant_service_server::ParticipantServiceServer;
use orchard_proto::social::v1::profile_service_server::ProfileServiceServer;
use orchard_proto::social::v1::progress_service_server::ProgressServiceServer;
use orchard_proto::social::v1::purchase_service_server::PurchaseServiceServer;
use orchard_proto::social::v1::referral_moderation_service_server::ReferralModerationServiceServer;
use orchard_proto::social::v1::referral_service_server::ReferralServiceServer;
use orchard_proto::social::v1::standing_service_server::StandingServiceServer;
use orchard_proto::social::v1::{
    AchievementAwarded, ChallengeFinalised, CreditsRedeemed, ParticipantFinished, ReferralCredited, ReferralEarned, UserBlocked,
    UserUnblocked,
};
use orchard_rpc::{Currency, supervise};
use orchard_server::{Clock, DatabaseOptions, Parts, ServeOptions, Slice, SliceCommand, work_to_end};
use prost::Name as _;
use tonic::service::RoutesBuilder;
use tonic::transport::Uri;

pub use reconcile::{Mended, reconcile};

use challenges::finalisation::{Finaliser, Requests};
use challenges::leaderboard;
use erasure::{Erasures, Others};
use referrals::Sweeper;
use referrals::earning::Rewards;
pub use referrals::terms::Terms;
use rewards::award::Awards;

/// The events that are delivered to the service that notifies users.
const NOTIFICATION_EVENTS: [fn() -> String; 5] = [
    AchievementAwarded::full_name,
    ChallengeFinalised::full_name,
    ParticipantFinished::full_name,
    ReferralEarned::full_name,
    ReferralCredited::full_name,
];

/// The events that the family service consumes.
const FAMILY_EVENTS: [fn() -> String; 3] = [UserBlocked::full_name, UserUnblocked::full_name, CreditsRedeemed::full_name];

/// How often to look for erasures that are due.
const ERASURE_PERIOD: Duration = Duration::from_secs(1);

/// The commands of the social slice.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Those that every slice has
    #[command(flatten)]
    Slice(SliceCommand<Service>),
    /// Recount seats and leaderboards, and copy profiles to them again, where they differ. Safe while the service runs
    Reconcile(DatabaseOptions),
}

impl Command {
    /// Runs the command until it ends: `serve` ends at a signal.
    pub fn run(self) -> ExitCode {
        match self {
            Self::Slice(command) => command.run(),
            Self::Reconcile(database) => work_to_end::<Service, _>(&database, async |db| Ok(reconcile(&db).await?.to_string())),
        }
    }
}

/// The social slice.
#[derive(Debug)]
pub struct Service;

/// The settings of this slice.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Social")]
pub struct Settings {
    /// Currency of credits, an ISO 4217 code
    #[arg(long, env = "ORCHARD_CURRENCY", default_value = "EUR", value_name = "CODE")]
    pub currency: Currency,
    /// Address of the consultation service, which erases users
    #[arg(long, env = "ORCHARD_CONSULTATION_URL", value_name = "URL")]
    pub consultation_url: Uri,
    /// Address of the family service, which knows who is a child, and erases users
    #[arg(long, env = "ORCHARD_FAMILY_URL", value_name = "URL")]
    pub family_url: Uri,
    /// Address of the recipe service, which erases users
    #[arg(long, env = "ORCHARD_RECIPE_URL", value_name = "URL")]
    pub recipe_url: Uri,
    /// Address of a service that notifies users and implements `orchard.events.v1.InboxService`; without it, no events are published
    #[arg(long, env = "ORCHARD_NOTIFICATIONS_URL", value_name = "URL")]
    pub notifications_url: Option<Uri>,
    /// How this service calls others
    #[command(flatten)]
    pub calls: CallOptions,
    /// How events are delivered
    #[command(flatten)]
    pub relay: RelayOptions,
    /// How often to look for challenges that have ended
    #[arg(long, env = "ORCHARD_FINALISE_PERIOD", default_value = "30s", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub finalise_period: Duration,
    /// How long users may cancel their erasure before it begins
    #[arg(long, env = "ORCHARD_ERASURE_DELAY", default_value = "24h", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub erasure_delay: Duration,
    /// The terms of referrals
    #[command(flatten)]
    pub referrals: Terms,
    /// The clock that decides dates and deadlines of challenges and referrals
    #[arg(skip)]
    pub clock: Clock,
}

/// Serves the contracts of this slice: each module implements its own service.
#[derive(Debug, Clone)]
struct Api {
    db: Db,
    /// Knows who is a child and who has a family plan.
    family: Upstream,
    currency: Currency,
    clock: Clock,
    awards: Awards,
    outbox: Outbox,
    /// Reads the leaderboards that are watched.
    poller: leaderboard::Poller,
    /// Challenges that operators ask to finalise.
    requests: Arc<Requests>,
    rewards: Rewards,
    erasure_delay: Duration,
}

impl Slice for Service {
    const NAME: &'static str = "social";
    const PACKAGE: &'static str = "orchard.social.v1";
    type Settings = Settings;

    fn migrations() -> Migrations {
        const SOCIAL: EmbeddedMigrations = diesel_migrations::embed_migrations!();
        Migrations::new([
            orchard_db::migrations::IDEMPOTENCY_KEYS,
            orchard_privacy::migrations::ERASED_USERS,
            orchard_events::migrations::OUTBOX,
            orchard_events::migrations::INBOX,
            orchard_intents::migrations::INTENTS,
            SOCIAL,
        ])
    }

    fn parts(db: &Db, settings: &Settings, options: &ServeOptions) -> anyhow::Result<Parts> {
        let Settings { currency, notifications_url, calls, relay, finalise_period, erasure_delay, referrals, clock, .. } =
            settings;
        anyhow::ensure!(*erasure_delay <= erasure::MAX_DELAY, "--erasure-delay must be at most 15 days: the law leaves 30");
        let calls = calls.load(Self::NAME, &options.identity.workload_issuer, &options.identity.audience)?;
        let consultation = calls.to("consultation", &settings.consultation_url).build().context("--consultation-url")?;
        let family = calls.to("family", &settings.family_url).build().context("--family-url")?;
        let recipe = calls.to("recipe", &settings.recipe_url).build().context("--recipe-url")?;
        let mut outbox =
            Outbox::builder(Self::NAME, db, relay).consumer(family.clone(), FAMILY_EVENTS.map(|full_name| full_name()));
        if let Some(url) = notifications_url {
            let notifications = calls.to("notifications", url).build().context("--notifications-url")?;
            outbox = outbox.consumer(notifications, NOTIFICATION_EVENTS.map(|full_name| full_name()));
        }
        let (outbox, operations, deliver) = outbox.build();
        let awards = Awards::new(outbox.clone(), currency.clone());
        let (requests, poller) = (Arc::new(Requests::default()), leaderboard::Poller::new(db.clone()));
        let finaliser =
            Finaliser::new(db.clone(), awards.clone(), outbox.clone(), clock.clone(), *finalise_period, Arc::clone(&requests));
        let rewards =
            Rewards { terms: referrals.clone(), awards: awards.clone(), outbox: outbox.clone(), currency: currency.clone() };
        let sweeper = Sweeper { db: db.clone(), rewards: rewards.clone(), clock: clock.clone() };
        let events = events::Events::new(awards.clone(), clock.clone());
        let others = Others { consultation, family: family.clone(), recipe };
        let erasures = Arc::new(Erasures { db: db.clone(), others, own: Arc::new(privacy::SocialData) });
        let folds = leaderboard::FoldWorker::new(db.clone());
        let api = Api {
            db: db.clone(),
            family,
            currency: currency.clone(),
            clock: clock.clone(),
            awards,
            outbox,
            poller: poller.clone(),
            requests,
            rewards,
            erasure_delay: *erasure_delay,
        };
        let counted = db.clone();
        let mut routes = RoutesBuilder::default();
        routes
            .add_service(Inbox::server(Self::NAME, db, events))
            .add_service(operations)
            .add_service(orchard_intents::service(Self::NAME, db, &erasures))
            .add_service(ErasureServiceServer::new(api.clone()))
            .add_service(ProfileServiceServer::new(api.clone()))
            .add_service(FriendshipServiceServer::new(api.clone()))
            .add_service(AchievementServiceServer::new(api.clone()))
            .add_service(NotificationServiceServer::new(api.clone()))
            .add_service(Privacy::server(Self::NAME, db, privacy::SocialData))
            .add_service(ChallengeServiceServer::new(api.clone()))
            .add_service(FruitServiceServer::new(api.clone()))
            .add_service(ParticipantServiceServer::new(api.clone()))
            .add_service(LeaderboardServiceServer::new(api.clone()))
            .add_service(StandingServiceServer::new(api.clone()))
            .add_service(ProgressServiceServer::new(api.clone()))
            .add_service(ReferralServiceServer::new(api.clone()))
            .add_service(CreditServiceServer::new(api.clone()))
            .add_service(PurchaseServiceServer::new(api.clone()))
            .add_service(FingerprintServiceServer::new(api.clone()))
            .add_service(ReferralModerationServiceServer::new(api));
        Ok(Parts {
            routes,
            shared: vec![INBOX, INTENTS, OUTBOX, PRIVACY],
            background: vec![
                deliver,
                Worker::new(db, &erasures, ERASURE_PERIOD).run().map(|never| match never {}).boxed(),
                async move { match supervise("count erasures", || erasure::keep_gauges(&counted)).await {} }.boxed(),
                async move { match supervise("finalise challenges", || Box::pin(finaliser.run())).await {} }.boxed(),
                async move { match supervise("sweep referrals", || sweeper.run()).await {} }.boxed(),
                async move { match supervise("fold leaderboards", || folds.run()).await {} }.boxed(),
                async move { match supervise("read watched leaderboards", || poller.run()).await {} }.boxed(),
            ],
        })
    }
}
