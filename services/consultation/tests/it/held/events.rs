//! What other services are told of sessions and professionals.

use std::sync::Arc;

use orchard_consultation::Settings;
use orchard_proto::consultation::v1 as pb;
use prost::Message as _;
use uuid::Uuid;

use crate::practice::{hours, wire};
use crate::world::{NOWHERE, World, id, settings};

#[tokio::test]
async fn each_change_is_told_once_in_order() -> anyhow::Result<()> {
    let family = World::with_family().await?;
    let keys = Arc::clone(&family.slice.keys);
    let family_url = format!("http://{}", family.family.as_ref().expect("a family service").running.address);
    // Nobody takes the events away.
    let settings = Settings { notifications_url: Some(NOWHERE.parse()?), ..settings(&keys, &family_url) };
    let world = World::with(&settings, keys).await?;
    let (practice, client) = (world.practice().await?, id());
    let session = world.begun(client, &practice).await?;
    let to_come = world.book(client, &practice, hours(24)).await?;
    let moved = world.reschedule(client, &to_come, hours(25)).await?;
    world.note(practice.account, &to_come, "Canary").await?;
    world.complete(practice.account, &session).await?;
    world.complete(practice.account, &session).await?;
    let called_off = world.book(client, &practice, hours(26)).await?;
    let reason = pb::CancelSessionRequest { session_id: called_off.session_id, cancel_reason: "Canary".to_owned() };
    world.sessions(client).cancel_session(reason).await?;
    world.suspend(&practice.id, "Canary").await?;

    let database = world.slice.schema.connect().await?;
    let told =
        "SELECT consumer, aggregate_id, sequence, event_type, payload FROM outbox ORDER BY aggregate_id, sequence, consumer";
    let rows = database.query(told, &[]).await?;
    let of = |aggregate: &str| -> anyhow::Result<Vec<(i64, String, String)>> {
        let aggregate: Uuid = aggregate.parse()?;
        let own = rows.iter().filter(|row| row.get::<_, Uuid>(1) == aggregate);
        Ok(own.map(|row| (row.get(2), row.get(0), row.get::<_, String>(3).replace("orchard.consultation.v1.", ""))).collect())
    };
    let event = |sequence: i64, consumer: &str, name: &str| (sequence, consumer.to_owned(), name.to_owned());
    let expected = [event(1, "notifications", "SessionBooked"), event(2, "social", "SessionCompleted")];
    assert_eq!(of(&session.session_id)?, expected);
    let expected = [
        event(1, "notifications", "SessionBooked"),
        event(2, "notifications", "SessionRescheduled"),
        event(3, "notifications", "SessionCancelled"),
    ];
    assert_eq!(of(&to_come.session_id)?, expected);
    let expected = [event(1, "notifications", "ProfessionalVerified"), event(2, "notifications", "ProfessionalSuspended")];
    assert_eq!(of(&practice.id)?, expected);

    for row in &rows {
        assert!(!String::from_utf8_lossy(row.get(4)).contains("Canary"), "neither notes nor reasons are told");
    }
    let id: Uuid = to_come.session_id.parse()?;
    let payload = |sequence: i64| {
        let row = rows.iter().find(|row| row.get::<_, Uuid>(1) == id && row.get::<_, i64>(2) == sequence);
        row.expect("an event").get::<_, Vec<u8>>(4)
    };
    let rescheduled = pb::SessionRescheduled::decode(payload(2).as_slice())?;
    let expected = pb::SessionRescheduled {
        session_id: to_come.session_id.clone(),
        user_id: client.to_string(),
        booked_by_user_id: String::new(),
        professional_id: practice.id.clone(),
        professional_user_id: practice.account.to_string(),
        previous_start_time: wire(hours(24)),
        start_time: wire(hours(25)),
    };
    assert_eq!(rescheduled, expected);
    let cancelled = pb::SessionCancelled::decode(payload(3).as_slice())?;
    assert_eq!((cancelled.start_time, cancelled.cancelled_by()), (moved.start_time, pb::CancelledBy::Service));
    Ok(())
}
