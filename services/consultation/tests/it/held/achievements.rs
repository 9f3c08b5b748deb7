//! The achievement that social gives for a client's first session.

use std::sync::Arc;

use orchard_consultation::Settings;
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_proto::social::v1::{AchievementType, ListAchievementsRequest};
use orchard_server::Clock;
use orchard_testkit::database::Schema;
use orchard_testkit::service::{SliceUnderTest, calls, defaults};
use std::time::Duration;
use uuid::Uuid;

use crate::practice::hours;
use crate::world::{NOWHERE, World, id, relay, settings};

/// Starts a social service beside a family service that knows it.
async fn social(family: &World, family_url: &str) -> anyhow::Result<SliceUnderTest> {
    let keys = Arc::clone(&family.slice.keys);
    let settings = orchard_social::Settings {
        currency: "EUR".parse().expect("currency"),
        consultation_url: NOWHERE.parse().expect("a URL"),
        family_url: family_url.parse().expect("a URL"),
        recipe_url: NOWHERE.parse().expect("a URL"),
        notifications_url: None,
        calls: calls(&keys, "social"),
        relay: relay(),
        finalise_period: Duration::from_secs(60),
        erasure_delay: Duration::ZERO,
        referrals: defaults(),
        clock: Clock::default(),
    };
    SliceUnderTest::start_in::<orchard_social::Service>(&settings, Schema::create().await?, keys).await
}

/// Returns the sessions for which a client has achievements.
async fn achieved(social: &SliceUnderTest, client: Uuid) -> anyhow::Result<Vec<String>> {
    let request = ListAchievementsRequest { user_id: client.to_string(), ..Default::default() };
    let answer = AchievementServiceClient::new(social.user(client)?).list_achievements(request).await?.into_inner();
    let of_sessions = answer.achievements.into_iter();
    let of_sessions = of_sessions.filter(|given| given.achievement_type() == AchievementType::ConsultationCompleted);
    Ok(of_sessions.map(|given| given.related_entity_id).collect())
}

#[tokio::test]
async fn the_first_completed_session_is_an_achievement() -> anyhow::Result<()> {
    let family = World::with_family().await?;
    let family_url = format!("http://{}", family.family.as_ref().expect("a family service").running.address);
    let social = social(&family, &family_url).await?;
    let keys = Arc::clone(&family.slice.keys);
    let social_url = format!("http://{}", social.running.address).parse()?;
    let world = World::with(&Settings { social_url, ..settings(&keys, &family_url) }, keys).await?;
    let (practice, client) = (world.practice().await?, id());
    let first = world.begun(client, &practice).await?;
    world.complete(practice.account, &first).await?;
    world.complete(practice.account, &first).await?;
    world.slice.schema.until("SELECT count(*) FROM outbox", 0).await?;
    assert_eq!(achieved(&social, client).await?.len(), 1);

    let second = world.book(client, &practice, hours(30)).await?;
    let second = world.bring_forward(client, &second, 40).await?;
    world.complete(practice.account, &second).await?;
    world.slice.schema.until("SELECT count(*) FROM outbox", 0).await?;
    assert_eq!(achieved(&social, client).await?.len(), 1, "the first only");
    Ok(())
}
