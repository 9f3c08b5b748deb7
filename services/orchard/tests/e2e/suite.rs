//! All five services in this process, and calls to prepare data.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use orchard_client::Resolve;
use orchard_db::Db;
use orchard_events::RelayOptions;
use orchard_proto::edge::v1 as edge;
use orchard_proto::edge::v1::edge_service_client::EdgeServiceClient;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::invitation_service_client::InvitationServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::google::r#type::{Date, Money};
use orchard_server::{DatabaseOptions, ServeOptions, Slice, WebOptions, slice_server};
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::{Running, calls, channel, defaults, free_address, options, unlimited};
use tonic::Status;
use uuid::Uuid;

/// A slice that can be stopped and restarted at the same address.
pub struct Stoppable {
    pub schema: Schema,
    options: ServeOptions,
    running: Option<Running>,
}

impl Stoppable {
    async fn start<S: Slice>(options: &ServeOptions, settings: &S::Settings) -> anyhow::Result<Self> {
        Self::start_at::<S>(free_address(), options, settings).await
    }

    async fn start_at<S: Slice>(listen: SocketAddr, options: &ServeOptions, settings: &S::Settings) -> anyhow::Result<Self> {
        let schema = Schema::create().await?;
        schema.migrate(S::migrations()).await?;
        let mut slice = Self { schema, options: ServeOptions { listen, ..options.clone() }, running: None };
        slice.start_again::<S>(settings).await?;
        Ok(slice)
    }

    pub async fn start_again<S: Slice>(&mut self, settings: &S::Settings) -> anyhow::Result<()> {
        let database = DatabaseOptions::for_url(self.schema.url(), 8);
        let db = Db::new(database.url()?, 8, &database.limits())?;
        self.running = Some(Running::start(slice_server::<S>(&db, settings, &self.options)?, &self.options).await?);
        Ok(())
    }

    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.running.take().context("it runs")?.stop().await
    }

    pub fn address(&self) -> SocketAddr {
        self.options.listen
    }

    /// Advances the clock by which it judges tokens.
    pub fn advance_clock(&self, by: Duration) {
        self.options.identity.clock.advance(by);
    }
}

pub struct Suite {
    pub keys: Arc<DevKeys>,
    pub family: Stoppable,
    pub social: Stoppable,
    pub edge: Running,
    pub settings: orchard_edge::Settings,
    pub recipe: Stoppable,
    pub consultation: Stoppable,
}

pub fn id() -> Uuid {
    Uuid::new_v4()
}

pub fn euros(units: i64) -> Option<Money> {
    Some(Money { currency_code: "EUR".to_owned(), units, nanos: 0 })
}

pub fn today() -> Option<Date> {
    use chrono::Datelike as _;
    let today = chrono::Utc::now().date_naive();
    let part = |n: u32| i32::try_from(n).expect("part of a date");
    Some(Date { year: today.year(), month: part(today.month()), day: part(today.day()) })
}

/// Waits until all events of the family slice are delivered.
pub async fn all_delivered(family: &Schema) -> anyhow::Result<()> {
    family.until("SELECT count(*) FROM outbox", 0).await
}

/// Returns settings of a family service whose events go to `social`.
pub fn family_settings(keys: &DevKeys, social: SocketAddr) -> orchard_family::Settings {
    orchard_family::Settings {
        currency: "EUR".parse().expect("currency"),
        social_url: format!("http://{social}").parse().expect("a URL"),
        calls: calls(keys, "family"),
        relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_secs(1) },
    }
}

/// Returns settings of a social service that calls the consultation, family and recipe services at these addresses.
fn social_settings(keys: &DevKeys, others: [SocketAddr; 3]) -> orchard_social::Settings {
    let [consultation_url, family_url, recipe_url] = others.map(|address| format!("http://{address}").parse().expect("a URL"));
    orchard_social::Settings {
        currency: "EUR".parse().expect("currency"),
        consultation_url,
        family_url,
        recipe_url,
        notifications_url: None,
        calls: calls(keys, "social"),
        relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_secs(1) },
        finalise_period: Duration::from_secs(1),
        erasure_delay: Duration::ZERO,
        referrals: defaults(),
        clock: Default::default(),
    }
}

/// Returns settings of a recipe service that calls `family` and `social`.
fn recipe_settings(keys: &DevKeys, family: SocketAddr, social: SocketAddr) -> orchard_recipe::Settings {
    orchard_recipe::Settings {
        family_url: format!("http://{family}").parse().expect("a URL"),
        social_url: format!("http://{social}").parse().expect("a URL"),
        notifications_url: None,
        index_period: Duration::from_secs(600),
        calls: calls(keys, "recipe"),
        relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_secs(1) },
    }
}

/// Returns settings of a consultation service that calls `family` and `social`.
fn consultation_settings(keys: &DevKeys, family: SocketAddr, social: SocketAddr) -> orchard_consultation::Settings {
    orchard_consultation::Settings {
        currency: "EUR".parse().expect("currency"),
        next_slot_period: Duration::from_secs(1),
        session_period: Duration::from_millis(200),
        family_url: format!("http://{family}").parse().expect("a URL"),
        social_url: format!("http://{social}").parse().expect("a URL"),
        notifications_url: None,
        calls: calls(keys, "consultation"),
        relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_secs(1) },
    }
}

impl Suite {
    pub async fn start() -> anyhow::Result<Self> {
        Self::sharing(100).await
    }

    /// Starts the suite with these shares of a user and of an address, in percent.
    pub async fn sharing(share: u8) -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let mut options = options(&keys);
        (options.limits.user_share, options.limits.address_share) = (share, share);
        // Social and the others call each other, so some of them need their addresses in advance.
        let others @ [consultation_at, family_at, recipe_at] = [free_address(), free_address(), free_address()];
        let social = Stoppable::start::<orchard_social::Service>(&options, &social_settings(&keys, others)).await?;
        let settings = family_settings(&keys, social.address());
        let family = Stoppable::start_at::<orchard_family::Service>(family_at, &options, &settings).await?;
        let settings = recipe_settings(&keys, family.address(), social.address());
        let recipe = Stoppable::start_at::<orchard_recipe::Service>(recipe_at, &options, &settings).await?;
        let settings = consultation_settings(&keys, family.address(), social.address());
        let consultation = Stoppable::start_at::<orchard_consultation::Service>(consultation_at, &options, &settings).await?;
        let url = |slice: &Stoppable| format!("http://{}", slice.address()).parse().expect("a URL");
        let settings = orchard_edge::Settings {
            family_url: url(&family),
            social_url: url(&social),
            recipe_url: url(&recipe),
            consultation_url: url(&consultation),
            calls: calls(&keys, "edge"),
            rates: unlimited(),
            web: WebOptions::default(),
            web_page: false,
        };
        let edge = Running::start(orchard_edge::server(&settings, &options)?, &options).await?;
        Ok(Self { keys, family, social, edge, settings, recipe, consultation })
    }

    /// Starts another edge, which finds the family service by `resolver`.
    pub async fn edge_with(&self, resolver: Arc<dyn Resolve>) -> anyhow::Result<Running> {
        let settings = orchard_edge::Settings { family_url: "http://family:50051".parse()?, ..self.settings.clone() };
        let options = options(&self.keys);
        Running::start(orchard_edge::server_with(&settings, &options, &resolver)?, &options).await
    }

    /// Returns the settings of the family service.
    pub fn family_settings(&self) -> orchard_family::Settings {
        family_settings(&self.keys, self.social.address())
    }

    /// Returns the settings of the social service.
    pub fn social_settings(&self) -> orchard_social::Settings {
        social_settings(&self.keys, [&self.consultation, &self.family, &self.recipe].map(Stoppable::address))
    }

    /// Returns a client of the edge for a user.
    pub fn user(&self, user: Uuid) -> anyhow::Result<Client> {
        self.user_with(user, &[])
    }

    /// Returns a client of the edge for a user with roles.
    pub fn user_with(&self, user: Uuid, roles: &[&str]) -> anyhow::Result<Client> {
        let token = self.keys.user_token(user, roles, Duration::from_secs(600))?;
        Ok(Headers::bearer(&token)?.on(self.edge.channel()?))
    }

    /// Returns a client of a slice for a service.
    pub fn service(&self, name: &str, slice: &Stoppable) -> anyhow::Result<Client> {
        let token = self.keys.workload_token(name, Duration::from_secs(600))?;
        Ok(Headers::bearer(&token)?.on(channel(slice.address())?))
    }

    /// Creates a plan.
    pub async fn plan(&self, holder: Uuid) -> anyhow::Result<String> {
        let request = family::CreatePlanRequest {
            family_name: "The Appletons".to_owned(),
            time_zone: "UTC".to_owned(),
            request_id: id().to_string(),
        };
        let plan = PlanServiceClient::new(self.user(holder)?).create_plan(request).await?.into_inner().plan;
        Ok(plan.context("a plan")?.family_plan_id)
    }

    /// Invites a user, who accepts.
    pub async fn join(&self, plan: &str, holder: Uuid, user: Uuid, role: family::MemberRole) -> anyhow::Result<()> {
        use family::accept_invitation_request::Invitation;
        let request = family::CreateInvitationRequest {
            family_plan_id: plan.to_owned(),
            invitee_user_id: user.to_string(),
            role: role.into(),
            request_id: id().to_string(),
            ..Default::default()
        };
        let invited = InvitationServiceClient::new(self.user(holder)?).create_invitation(request).await?.into_inner();
        let invitation = Invitation::InvitationId(invited.invitation.context("an invitation")?.invitation_id);
        let request = family::AcceptInvitationRequest { invitation: Some(invitation) };
        InvitationServiceClient::new(self.user(user)?).accept_invitation(request).await?;
        Ok(())
    }

    /// Deposits money, as billing does.
    pub async fn deposit(&self, plan: &str, units: i64) -> anyhow::Result<()> {
        let request = family::DepositRequest {
            family_plan_id: plan.to_owned(),
            amount: euros(units),
            reference: id().to_string(),
            reason: "Top-up".to_owned(),
        };
        WalletServiceClient::new(self.service("billing", &self.family)?).deposit(request).await?;
        Ok(())
    }

    pub async fn dashboard(&self, viewer: Uuid, plan: &str) -> Result<edge::FamilyDashboard, Status> {
        let mut client = EdgeServiceClient::new(self.user(viewer).expect("client"));
        let request = edge::GetFamilyDashboardRequest { family_plan_id: plan.to_owned() };
        Ok(client.get_family_dashboard(request).await?.into_inner().dashboard.expect("a dashboard"))
    }
}
