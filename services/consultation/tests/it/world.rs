//! A consultation service and its users.

use std::sync::Arc;
use std::time::Duration;

use orchard_consultation::{Service, Settings};
use orchard_events::RelayOptions;
use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::availability_service_client::AvailabilityServiceClient;
use orchard_proto::consultation::v1::directory_service_client::DirectoryServiceClient;
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::consultation::v1::verification_service_client::VerificationServiceClient;
use orchard_proto::google::r#type::Money;
use orchard_testkit::client::Client;
pub use orchard_testkit::client::insist;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::schema::refuse_stale_updates;
use orchard_testkit::service::{SliceUnderTest, calls};
use tonic::Status;
use uuid::Uuid;

pub struct World {
    pub slice: SliceUnderTest,
    /// The family service, if the world started one.
    pub family: Option<SliceUnderTest>,
}

/// An address at which no service listens.
pub const NOWHERE: &str = "http://127.0.0.1:1";

pub fn relay() -> RelayOptions {
    RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_millis(50) }
}

/// Returns settings with a family service at this address, and without other services.
pub fn settings(keys: &DevKeys, family_url: &str) -> Settings {
    Settings {
        currency: "EUR".parse().expect("currency"),
        next_slot_period: Duration::from_millis(50),
        session_period: Duration::from_millis(200),
        family_url: family_url.parse().expect("a URL"),
        social_url: NOWHERE.parse().expect("a URL"),
        notifications_url: None,
        calls: calls(keys, "consultation"),
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

/// A caller.
#[derive(Debug, Clone, Copy)]
pub enum Someone {
    User(Uuid),
    Operator(Uuid),
}

pub fn id() -> Uuid {
    Uuid::new_v4()
}

pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

pub fn euros(cents: i64) -> Option<Money> {
    let nanos = i32::try_from(cents % 100).expect("cents") * 10_000_000;
    Some(Money { currency_code: "EUR".to_owned(), units: cents / 100, nanos })
}

/// A request with every field set.
pub fn flora() -> pb::CreateProfessionalRequest {
    use pb::Specialization::{Diabetes, HeartHealth};
    pb::CreateProfessionalRequest {
        professional_name: "  Flora Mandel ".to_owned(),
        credentials: strings(&["RD", " PhD "]),
        specializations: vec![HeartHealth.into(), Diabetes.into(), HeartHealth.into()],
        bio: "Helps families.\n\nEats fruit.".to_owned(),
        years_experience: Some(0),
        consultation_rate: euros(6_550),
        languages: strings(&["English", "Deutsch"]),
        profile_image_url: "https://example.org/flora.jpg".to_owned(),
        request_id: id().to_string(),
    }
}

/// A schedule with every field set.
pub fn weekdays() -> pb::Schedule {
    let window = |weekday, start: &str, end: &str| pb::WeeklyWindow { weekday, start: start.to_owned(), end: end.to_owned() };
    pb::Schedule {
        time_zone: "Europe/Berlin".to_owned(),
        weekly_windows: (1..=5).flat_map(|day| [window(day, "09:00", "12:00"), window(day, "13:00", "17:30")]).collect(),
        overrides: vec![],
        slot_minutes: 30,
        step_minutes: 15,
        buffer_before_minutes: 5,
        buffer_after_minutes: 10,
        notice_minutes: 60,
        horizon_days: 60,
        max_per_day: Some(8),
        etag: String::new(),
    }
}

impl World {
    /// Starts the service alone.
    pub async fn start() -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        Self::with(&settings(&keys, NOWHERE), keys).await
    }

    /// Starts the service with a family service, which knows who is whose guardian.
    pub async fn with_family() -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let family = start_family(&keys).await?;
        let family_url = format!("http://{}", family.running.address);
        let world = Self::with(&settings(&keys, &family_url), keys).await?;
        Ok(Self { family: Some(family), ..world })
    }

    /// Starts the service with these settings.
    pub async fn with(settings: &Settings, keys: Arc<DevKeys>) -> anyhow::Result<Self> {
        let slice = SliceUnderTest::start_in::<Service>(settings, Schema::create().await?, keys).await?;
        refuse_stale_updates(&slice.schema.connect().await?).await?;
        Ok(Self { slice, family: None })
    }

    pub fn client(&self, caller: Someone) -> anyhow::Result<Client> {
        match caller {
            Someone::User(user) => self.slice.user(user),
            Someone::Operator(user) => self.slice.user_with(user, &["operator"]),
        }
    }

    pub fn professionals(&self, caller: Someone) -> anyhow::Result<ProfessionalServiceClient<Client>> {
        Ok(ProfessionalServiceClient::new(self.client(caller)?))
    }

    pub fn verification(&self) -> VerificationServiceClient<Client> {
        VerificationServiceClient::new(self.client(Someone::Operator(id())).expect("client"))
    }

    pub async fn update(
        &self,
        caller: Someone,
        professional: pb::Professional,
        paths: &[&str],
    ) -> Result<pb::Professional, Status> {
        let mask = prost_types::FieldMask { paths: strings(paths) };
        let request = pb::UpdateProfessionalRequest { professional: Some(professional), update_mask: Some(mask) };
        let mut client = self.professionals(caller).expect("client");
        Ok(client.update_professional(request).await?.into_inner().professional.expect("a professional"))
    }

    /// Has an operator verify a professional as they are now.
    pub async fn verify(&self, professional: &str) -> Result<pb::Professional, Status> {
        let etag = self.get(Someone::Operator(id()), professional).await?.etag;
        self.verify_read(professional, &etag).await
    }

    /// Has an operator verify what they have read of a professional.
    pub async fn verify_read(&self, professional: &str, etag: &str) -> Result<pb::Professional, Status> {
        let request = pb::VerifyProfessionalRequest { professional_id: professional.to_owned(), etag: etag.to_owned() };
        Ok(self.verification().verify_professional(request).await?.into_inner().professional.expect("a professional"))
    }

    pub async fn suspend(&self, professional: &str, note: &str) -> Result<pb::Professional, Status> {
        let request = pb::SuspendProfessionalRequest { professional_id: professional.to_owned(), note: note.to_owned() };
        Ok(self.verification().suspend_professional(request).await?.into_inner().professional.expect("a professional"))
    }

    pub fn availability(&self, caller: Someone) -> AvailabilityServiceClient<Client> {
        AvailabilityServiceClient::new(self.client(caller).expect("client"))
    }

    pub async fn set_schedule(
        &self,
        caller: Someone,
        professional: &str,
        schedule: pb::Schedule,
    ) -> Result<pb::Schedule, Status> {
        let request = pb::SetScheduleRequest { professional_id: professional.to_owned(), schedule: Some(schedule) };
        Ok(self.availability(caller).set_schedule(request).await?.into_inner().schedule.expect("a schedule"))
    }

    pub async fn search(&self, request: pb::SearchProfessionalsRequest) -> Result<pb::SearchProfessionalsResponse, Status> {
        self.search_as(id(), request).await
    }

    pub async fn search_as(
        &self,
        user: Uuid,
        request: pb::SearchProfessionalsRequest,
    ) -> Result<pb::SearchProfessionalsResponse, Status> {
        let client = self.client(Someone::User(user)).expect("client");
        Ok(DirectoryServiceClient::new(client).search_professionals(request).await?.into_inner())
    }

    pub async fn create(&self, caller: Someone, request: pb::CreateProfessionalRequest) -> Result<pb::Professional, Status> {
        let mut client = self.professionals(caller).expect("client");
        Ok(client.create_professional(request).await?.into_inner().professional.expect("a professional"))
    }

    pub async fn get(&self, viewer: Someone, professional: &str) -> Result<pb::Professional, Status> {
        let mut client = self.professionals(viewer).expect("client");
        let request = pb::GetProfessionalRequest { professional_id: professional.to_owned() };
        Ok(client.get_professional(request).await?.into_inner().professional.expect("a professional"))
    }

    /// Changes all professionals in the database, in ways that the service does not offer yet.
    pub async fn set(&self, assignments: &str) -> anyhow::Result<()> {
        let client = self.slice.schema.connect().await?;
        client.batch_execute(&format!("UPDATE health_professionals SET {assignments}, updated_at = now()")).await?;
        Ok(())
    }

    /// Counts professionals, users on the roll, and idempotency keys.
    pub async fn rows(&self) -> anyhow::Result<(i64, i64, i64)> {
        let query = "SELECT (SELECT count(*) FROM health_professionals), (SELECT count(*) FROM users),
            (SELECT count(*) FROM idempotency_keys)";
        let row = self.slice.schema.connect().await?.query_one(query, &[]).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }
}
