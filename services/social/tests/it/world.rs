//! A social service under test.

use std::sync::Arc;
use std::time::Duration;

use chrono::{Datelike as _, NaiveDate, TimeDelta, Utc};
use orchard_events::RelayOptions;
use orchard_proto::google::r#type::Date;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_proto::social::v1::progress_service_client::ProgressServiceClient;
use orchard_server::Clock;
use orchard_social::{Service, Settings, Terms};
use orchard_testkit::client::Client;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::schema::refuse_stale_updates;
use orchard_testkit::service::{SliceUnderTest, calls, defaults};
use pb::scoring::Rule;
use tonic::Status;
use tonic::transport::Uri;
use uuid::Uuid;

pub struct World {
    pub slice: SliceUnderTest,
    /// The clock of challenges.
    pub clock: Clock,
    /// The settings that the service was started with.
    pub settings: Settings,
    /// The family service, if the world started one.
    pub family: Option<SliceUnderTest>,
}

/// Returns settings with the family service at `family_url`, and no service that notifies users.
pub fn settings(keys: &DevKeys, family_url: Uri) -> Settings {
    Settings {
        currency: "EUR".parse().expect("currency"),
        consultation_url: Uri::from_static(NOWHERE),
        family_url,
        recipe_url: Uri::from_static(NOWHERE),
        notifications_url: None,
        calls: calls(keys, "social"),
        relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_millis(50) },
        finalise_period: Duration::from_millis(100),
        erasure_delay: DAY,
        referrals: Terms { referral_period: Duration::from_millis(100), ..defaults() },
        clock: Clock::default(),
    }
}

/// A day.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An address at which no service listens.
pub const NOWHERE: &str = "http://127.0.0.1:1";

pub fn id() -> Uuid {
    Uuid::new_v4()
}

pub fn date(date: NaiveDate) -> Option<Date> {
    let part = |n: u32| i32::try_from(n).expect("part of a date");
    Some(Date { year: date.year(), month: part(date.month()), day: part(date.day()) })
}

/// Returns the date in UTC some days ago.
pub fn days_ago(days: i64) -> NaiveDate {
    Utc::now().date_naive() - TimeDelta::days(days)
}

pub fn consistency(daily_target_servings: i32) -> Option<pb::Scoring> {
    Some(pb::Scoring { rule: Some(Rule::Consistency(pb::ConsistencyScoring { daily_target_servings })) })
}

pub fn minutes(points_per_unit: i32, daily_cap: i32) -> Option<pb::Scoring> {
    let unit = "minutes".to_owned();
    Some(pb::Scoring { rule: Some(Rule::GoalBased(pb::GoalScoring { unit, points_per_unit, daily_cap })) })
}

pub fn new_challenge() -> pb::CreateChallengeRequest {
    pb::CreateChallengeRequest {
        challenge_name: "Five a day".to_owned(),
        description: "Five servings of fruit, every day.".to_owned(),
        difficulty_level: 2,
        duration_days: 7,
        max_participants: None,
        start_date: date(days_ago(1)),
        scoring: consistency(5),
        request_id: id().to_string(),
        ..Default::default()
    }
}

/// A request to record a day.
pub fn record(challenge: &str, day: NaiveDate, fruits: &[(&str, i32)], amount: i32) -> pb::RecordProgressRequest {
    let fruits = fruits.iter().map(|(fruit, servings)| pb::FruitServings { fruit: fruit.to_string(), servings: *servings });
    pb::RecordProgressRequest {
        challenge_id: challenge.to_owned(),
        progress_date: date(day),
        progress_data: Some(pb::ProgressData { fruits: fruits.collect(), amount }),
        notes: "crunchy".to_owned(),
        auto_generated: false,
    }
}

impl World {
    /// Starts the service, and a family service without families.
    pub async fn start() -> anyhow::Result<Self> {
        let (world, family) = Self::with_family().await?;
        Ok(Self { family: Some(family), ..world })
    }

    /// Starts the service with the family service at `family_url`.
    pub async fn asking(family_url: Uri, keys: Arc<DevKeys>) -> anyhow::Result<Self> {
        let settings = settings(&keys, family_url);
        Self::with(&settings, keys).await
    }

    /// Starts the service with these settings.
    pub async fn with(settings: &Settings, keys: Arc<DevKeys>) -> anyhow::Result<Self> {
        Self::within(Schema::create().await?, settings, keys).await
    }

    /// Starts the service in a schema that the test has created.
    pub async fn within(schema: Schema, settings: &Settings, keys: Arc<DevKeys>) -> anyhow::Result<Self> {
        let slice = SliceUnderTest::start_in::<Service>(settings, schema, keys).await?;
        Ok(Self { slice, clock: settings.clock.clone(), settings: settings.clone(), family: None })
    }

    /// Starts the service in a schema in which updates that do not set `updated_at` fail.
    pub async fn strict() -> anyhow::Result<Self> {
        let world = Self::start().await?;
        refuse_stale_updates(&world.slice.schema.connect().await?).await?;
        Ok(world)
    }

    pub fn profiles(&self, user: Uuid) -> anyhow::Result<ProfileServiceClient<Client>> {
        Ok(ProfileServiceClient::new(self.slice.user(user)?))
    }

    pub fn challenges(&self, user: Uuid) -> anyhow::Result<ChallengeServiceClient<Client>> {
        Ok(ChallengeServiceClient::new(self.slice.user(user)?))
    }

    pub fn challenges_as(&self, user: Uuid, roles: &[&str]) -> ChallengeServiceClient<Client> {
        ChallengeServiceClient::new(self.slice.user_with(user, roles).expect("client"))
    }

    pub async fn register(&self, request: pb::RegisterProfileRequest) -> Result<pb::Profile, Status> {
        let mut client = ProfileServiceClient::new(self.slice.service("identity").expect("client"));
        Ok(client.register_profile(request).await?.into_inner().profile.expect("a profile"))
    }

    /// Registers a user with a privacy level, or changes the level of a registered user.
    pub async fn settle(&self, user: Uuid, level: pb::PrivacyLevel) -> anyhow::Result<()> {
        let request = pb::RegisterProfileRequest {
            user_id: user.to_string(),
            display_name: "Somebody".to_owned(),
            time_zone: "UTC".to_owned(),
            privacy_level: level.into(),
        };
        self.register(request).await?;
        let profile = pb::Profile { privacy_level: level.into(), ..Default::default() };
        self.change(user, profile, &["privacy_level"]).await?;
        Ok(())
    }

    /// Changes fields of the user's own profile.
    pub async fn change(&self, user: Uuid, profile: pb::Profile, paths: &[&str]) -> Result<pb::Profile, Status> {
        let update_mask = Some(prost_types::FieldMask { paths: paths.iter().map(ToString::to_string).collect() });
        let request = pb::UpdateProfileRequest { profile: Some(profile), update_mask };
        let mut client = self.profiles(user).expect("client");
        Ok(client.update_profile(request).await?.into_inner().profile.expect("a profile"))
    }

    pub async fn rename(&self, user: Uuid, display_name: &str) -> Result<pb::Profile, Status> {
        self.change(user, pb::Profile { display_name: display_name.to_owned(), ..Default::default() }, &["display_name"]).await
    }

    pub async fn create(&self, user: Uuid, request: pb::CreateChallengeRequest) -> Result<pb::Challenge, Status> {
        let mut client = self.challenges(user).expect("client");
        Ok(client.create_challenge(request).await?.into_inner().challenge.expect("a challenge"))
    }

    pub async fn get(&self, user: Uuid, challenge: &str) -> Result<pb::Challenge, Status> {
        let mut client = self.challenges(user).expect("client");
        let request = pb::GetChallengeRequest { challenge_id: challenge.to_owned(), ..Default::default() };
        Ok(client.get_challenge(request).await?.into_inner().challenge.expect("a challenge"))
    }

    pub async fn join(&self, user: Uuid, challenge: &str) -> Result<pb::Participant, Status> {
        let mut client = self.challenges(user).expect("client");
        let request = pb::JoinChallengeRequest { challenge_id: challenge.to_owned(), ..Default::default() };
        Ok(client.join_challenge(request).await?.into_inner().participant.expect("a participant"))
    }

    pub fn progress(&self, user: Uuid) -> ProgressServiceClient<Client> {
        ProgressServiceClient::new(self.slice.user(user).expect("client"))
    }

    pub async fn record(
        &self,
        user: Uuid,
        challenge: &str,
        day: NaiveDate,
        fruits: &[(&str, i32)],
        amount: i32,
    ) -> Result<pb::RecordProgressResponse, Status> {
        Ok(self.progress(user).record_progress(record(challenge, day, fruits, amount)).await?.into_inner())
    }

    pub async fn count(&self, users: &[Uuid]) -> Result<i32, Status> {
        let mut client = ChallengeServiceClient::new(self.slice.service("edge").expect("client"));
        let request = pb::CountActiveChallengesRequest { user_ids: users.iter().map(Uuid::to_string).collect() };
        Ok(client.count_active_challenges(request).await?.into_inner().active_challenges)
    }
}
