//! What the erasure of one of the two does to what they have booked.

use std::sync::Arc;

use orchard_consultation::Settings;
use orchard_proto::consultation::v1 as pb;
use orchard_proto::privacy::v1::EraseUserRequest;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_testkit::answer::refused;
use prost::Message as _;
use tonic::Code;
use uuid::Uuid;

use crate::booking::failed;
use crate::practice::{hours, wanted};
use crate::world::{NOWHERE, World, id, settings};

impl World {
    async fn forget(&self, user: Uuid) -> anyhow::Result<()> {
        let request = EraseUserRequest { user_id: user.to_string(), ..Default::default() };
        PrivacyServiceClient::new(self.slice.service("social")?).erase_user(request).await?;
        Ok(())
    }

    /// Returns the cancellations that subscribers are told of.
    async fn told(&self) -> anyhow::Result<Vec<pb::SessionCancelled>> {
        let told = "SELECT payload FROM outbox WHERE event_type LIKE '%SessionCancelled'";
        let rows = self.slice.schema.connect().await?.query(told, &[]).await?;
        rows.iter().map(|row| Ok(pb::SessionCancelled::decode(row.get::<_, Vec<u8>>(0).as_slice())?)).collect()
    }
}

/// Starts the service with subscribers who take no events away.
async fn world() -> anyhow::Result<(World, World)> {
    let family = World::with_family().await?;
    let keys = Arc::clone(&family.slice.keys);
    let family_url = format!("http://{}", family.family.as_ref().expect("a family service").running.address);
    let settings = Settings { notifications_url: Some(NOWHERE.parse()?), ..settings(&keys, &family_url) };
    let world = World::with(&settings, keys).await?;
    Ok((world, family))
}

#[tokio::test]
async fn an_erased_clients_sessions_to_come_are_cancelled_and_told() -> anyhow::Result<()> {
    let (world, _family) = world().await?;
    let (practice, client) = (world.practice().await?, id());
    let begun = world.begun(client, &practice).await?;
    world.note(practice.account, &begun, "Canary").await?;
    let to_come = world.book(client, &practice, hours(24)).await?;
    world.hold(client, &practice, hours(25)).await?;
    world.forget(client).await?;
    let text = client.to_string();
    assert_eq!(world.slice.schema.tables_with(&[text, "Canary".to_owned()]).await?, Vec::<String>::new());
    let seen = world.session(practice.account, &to_come.session_id).await?;
    assert_eq!((seen.session_status(), seen.cancelled_by()), (pb::SessionStatus::Cancelled, pb::CancelledBy::Service));
    assert_eq!(world.count("SELECT count(*) FROM time_claims").await?, 1, "only what has begun takes time");
    let told = world.told().await?;
    assert_eq!(told.iter().map(|event| event.session_id.as_str()).collect::<Vec<_>>(), [to_come.session_id]);
    assert_eq!((told[0].user_id.as_str(), &told[0].professional_user_id), ("", &practice.account.to_string()));
    // The professional may complete what has begun, and books nothing for nobody.
    assert_eq!(refused(world.follow_up(practice.account, &begun, hours(48)).await), failed("USER_ERASED"));
    world.complete(practice.account, &begun).await?;
    let completed = "SELECT count(*) FROM outbox WHERE event_type LIKE '%SessionCompleted'";
    assert_eq!(world.count(completed).await?, 0, "nobody is told of a pseudonym");
    assert_eq!(refused(world.book(client, &practice, hours(24)).await), failed("USER_ERASED"));
    // A cancellation that was under way is told without the client.
    let other = id();
    let cancelled = world.book(other, &practice, hours(30)).await?;
    world.cancel(other, &cancelled).await?;
    world.forget(other).await?;
    let told = world.told().await?;
    let told = told.iter().find(|event| event.session_id == cancelled.session_id).expect("an event");
    assert_eq!((told.user_id.as_str(), told.cancelled_by()), ("", pb::CancelledBy::Client));
    Ok(())
}

#[tokio::test]
async fn an_erased_professionals_sessions_to_come_are_cancelled_and_told() -> anyhow::Result<()> {
    let (world, _family) = world().await?;
    let (practice, client) = (world.practice().await?, id());
    let begun = world.begun(client, &practice).await?;
    world.complete(practice.account, &begun).await?;
    world.rate(client, &begun, 4, "Kind").await?;
    let to_come = world.book(client, &practice, hours(24)).await?;
    world.forget(practice.account).await?;
    let completed = "SELECT count(*) FROM outbox WHERE event_type LIKE '%SessionCompleted'";
    assert_eq!(world.count(completed).await?, 1, "the client's achievement is still to come");
    let account = practice.account.to_string();
    assert_eq!(world.slice.schema.tables_with(&[account]).await?, Vec::<String>::new());
    let seen = world.session(client, &begun.session_id).await?;
    assert_eq!((seen.session_status(), seen.user_feedback_text.as_str()), (pb::SessionStatus::Completed, "Kind"));
    let seen = world.session(client, &to_come.session_id).await?;
    assert_eq!((seen.session_status(), seen.cancelled_by()), (pb::SessionStatus::Cancelled, pb::CancelledBy::Service));
    let told = world.told().await?;
    assert_eq!((told.len(), &told[0].user_id, told[0].professional_user_id.as_str()), (1, &client.to_string(), ""));
    Ok(())
}

#[tokio::test]
async fn an_erased_guardian_leaves_the_childs_history() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, guardian) = (world.practice().await?, id());
    let child = world.child_of(guardian).await?;
    let for_child = |start| pb::BookSessionRequest { user_id: child.to_string(), ..wanted(&practice, start) };
    let begun = world.book_as(guardian, for_child(hours(24))).await?;
    let begun = world.bring_forward(guardian, &begun, 24).await?;
    let to_come = world.book_as(guardian, for_child(hours(24))).await?;
    world.consent(guardian, &begun, true).await?;
    world.record(practice.account, &begun, "https://example.org/canary").await?;
    world.complete(practice.account, &begun).await?;
    world.rate(guardian, &begun, 5, "Canary").await?;
    world.forget(guardian).await?;
    let traces = [guardian.to_string(), "canary".to_owned()];
    assert_eq!(world.slice.schema.tables_with(&traces).await?, Vec::<String>::new());
    let seen = world.session(child, &begun.session_id).await?;
    assert_eq!((&seen.user_id, seen.session_status()), (&child.to_string(), pb::SessionStatus::Completed));
    // Nobody is left who answers for it.
    assert_eq!(world.session(child, &to_come.session_id).await?.session_status(), pb::SessionStatus::Cancelled);
    Ok(())
}

/// As a client they wait for a refund, and as a professional they begin nothing new.
#[tokio::test]
async fn a_professional_whose_erasure_waits_takes_no_more_bookings() -> anyhow::Result<()> {
    let mut world = World::with_family().await?;
    let (own, other) = (world.practice().await?, world.practice().await?);
    let user = own.account;
    let plan = world.plan(user, 10_000).await?;
    let session = world.book(user, &other, hours(48)).await?;
    world.pay(user, &session, &plan).await?;
    world.hold(id(), &own, hours(25)).await?;
    world.family.take().expect("a family service").running.stop().await?;

    let request = EraseUserRequest { user_id: user.to_string(), request_id: id().to_string() };
    let erase = async || {
        let mut service = PrivacyServiceClient::new(world.slice.service("social").expect("a client"));
        service.erase_user(request.clone()).await.map(|answer| answer.into_inner().table_counts)
    };
    for _ in 0..2 {
        assert_eq!(refused(erase().await), (Code::Aborted, "ERASURE_WAITS".to_owned()));
        assert_eq!(world.count("SELECT count(*) FROM time_claims").await?, 0);
        let open = "SELECT count(*) FROM health_professionals WHERE is_available";
        assert_eq!(world.count(open).await?, 1, "only the other one is open");
    }
    assert_eq!(refused(world.book(user, &other, hours(72)).await), failed("USER_ERASED"));
    // As an operator who gives the refund up does.
    world.slice.schema.connect().await?.execute("DELETE FROM intents", &[]).await?;
    let receipt = erase().await?;
    let freed = receipt.iter().find(|count| count.table == "time_claims").expect("a count");
    assert_eq!((freed.rows_deleted, freed.rows_pseudonymised), (2, 0), "what the first call has deleted is counted");
    assert_eq!(erase().await?, receipt);
    assert_eq!(world.slice.schema.tables_with(&[user.to_string()]).await?, Vec::<String>::new());
    Ok(())
}
