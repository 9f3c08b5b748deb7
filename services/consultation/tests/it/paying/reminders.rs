//! Reminders of sessions that begin soon.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchard_consultation::Service;
use orchard_proto::consultation::v1 as pb;
use orchard_testkit::service::SliceUnderTest;
use pb::ReminderKind::{DayBefore, HourBefore};
use prost::Message as _;

use crate::practice::hours;
use crate::world::{NOWHERE, World, id, settings};

const HOUR: f64 = 3_600.0;

impl World {
    /// Starts a service whose events are kept for a service that notifies users and does not answer.
    async fn with_notifications() -> anyhow::Result<Self> {
        let world = World::with_family().await?;
        let mut told = settings(&world.slice.keys, &format!("http://{}", world.family().running.address));
        told.notifications_url = Some(NOWHERE.parse()?);
        let (schema, keys) = (world.slice.schema.clone(), Arc::clone(&world.slice.keys));
        let slice = SliceUnderTest::start_in::<Service>(&told, schema, keys).await?;
        world.slice.running.stop().await?;
        Ok(World { slice, family: world.family })
    }

    /// Returns the kinds of the reminders of each session, in their order.
    async fn reminders(&self) -> anyhow::Result<BTreeMap<String, Vec<pb::ReminderKind>>> {
        let query = "SELECT payload FROM outbox WHERE event_type = 'orchard.consultation.v1.ReminderDue' ORDER BY sequence";
        let mut reminders = BTreeMap::<_, Vec<_>>::new();
        for row in self.slice.schema.connect().await?.query(query, &[]).await? {
            let event = pb::ReminderDue::decode(row.get::<_, &[u8]>(0))?;
            reminders.entry(event.session_id.clone()).or_default().push(event.reminder_kind());
        }
        Ok(reminders)
    }

    /// Lets the time come at which a session begins in so many seconds, and waits until nothing is due.
    async fn remind(&self, session: &pb::Session, seconds: f64, past: &str) -> anyhow::Result<()> {
        self.begins_in(session, seconds).await?;
        let due = format!(
            "UPDATE consultation_sessions SET next_reminder_at = now() - INTERVAL '{past}', updated_at = now() WHERE id = $1"
        );
        self.slice.schema.connect().await?.execute(&due, &[&session.session_id.parse::<uuid::Uuid>()?]).await?;
        self.slice.schema.until("SELECT count(*) FROM consultation_sessions WHERE next_reminder_at <= now()", 0).await
    }

    async fn next_reminder(&self, session: &pb::Session) -> anyhow::Result<Option<f64>> {
        let query = "SELECT extract(epoch FROM session_date - next_reminder_at)::float8 FROM consultation_sessions WHERE id = $1";
        let row = self.slice.schema.connect().await?.query_one(query, &[&session.session_id.parse::<uuid::Uuid>()?]).await?;
        Ok(row.get(0))
    }
}

#[tokio::test]
async fn each_paid_session_is_reminded_of_a_day_and_an_hour_before() -> anyhow::Result<()> {
    let world = World::with_notifications().await?;
    let mut sessions = Vec::new();
    for start in [48, 49, 50, 5] {
        sessions.push(world.book(id(), &world.practice().await?, hours(start)).await?);
    }
    let [paid, unpaid, late, soon] = sessions.try_into().expect("four sessions");
    for session in [&paid, &late, &soon] {
        let client = session.user_id.parse()?;
        world.pay(client, session, &world.plan(client, 10_000).await?).await?;
    }
    assert_eq!(world.next_reminder(&paid).await?, Some(24.0 * HOUR));
    assert_eq!(world.next_reminder(&soon).await?, Some(HOUR), "the time of the other is past");

    world.remind(&paid, 24.0 * HOUR - 1.0, "1 s").await?;
    assert_eq!(world.next_reminder(&paid).await?, Some(HOUR));
    world.remind(&paid, HOUR - 1.0, "1 s").await?;
    assert_eq!(world.next_reminder(&paid).await?, None);
    world.remind(&unpaid, 24.0 * HOUR - 1.0, "1 s").await?;
    // After an outage only the later one is sent, and none after the start.
    world.remind(&late, HOUR / 4.0, "20 hours").await?;
    world.remind(&soon, -1.0, "1 hour").await?;
    let expected = BTreeMap::from([(paid.session_id, vec![DayBefore, HourBefore]), (late.session_id, vec![HourBefore])]);
    assert_eq!(world.reminders().await?, expected);
    Ok(())
}

#[tokio::test]
async fn a_move_moves_the_reminders_and_a_cancellation_ends_them() -> anyhow::Result<()> {
    let world = World::with_notifications().await?;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 50_000).await?;
    let [moved, cancelled] = [world.book(client, &practice, hours(48)).await?, world.book(client, &practice, hours(49)).await?];
    for session in [&moved, &cancelled] {
        world.pay(client, session, &plan).await?;
    }
    world.remind(&moved, 20.0 * HOUR, "4 hours").await?;
    let now = world.session(client, &moved.session_id).await?;
    world.reschedule(client, &now, hours(72)).await?;
    assert_eq!(world.next_reminder(&moved).await?, Some(24.0 * HOUR), "of the new start");
    world.remind(&moved, 20.0 * HOUR, "4 hours").await?;
    world.cancel(client, &cancelled).await?;
    assert_eq!(world.next_reminder(&cancelled).await?, None);
    assert_eq!(world.reminders().await?, BTreeMap::from([(moved.session_id, vec![DayBefore, DayBefore])]));
    Ok(())
}

/// Three replicas send each reminder once.
#[tokio::test]
async fn replicas_send_each_reminder_once() -> anyhow::Result<()> {
    let world = World::with_notifications().await?;
    let practice = world.practice().await?;
    let mut told = settings(&world.slice.keys, NOWHERE);
    told.notifications_url = Some(NOWHERE.parse()?);
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let (schema, keys) = (world.slice.schema.clone(), Arc::clone(&world.slice.keys));
        replicas.push(SliceUnderTest::start_in::<Service>(&told, schema, keys).await?);
    }
    world.fill_sessions(&practice, 300).await?;
    world.slice.schema.until("SELECT count(*) FROM consultation_sessions WHERE next_reminder_at <= now()", 0).await?;
    let reminders = world.reminders().await?;
    assert_eq!(reminders.len(), 300);
    assert!(reminders.values().all(|kinds| *kinds == [DayBefore]));
    Ok(())
}

impl World {
    /// Inserts paid sessions of as many clients whose first reminder is due now, and 20 times as many whose is not.
    async fn fill_sessions(&self, practice: &crate::practice::Practice, count: i32) -> anyhow::Result<()> {
        let client = self.slice.schema.connect().await?;
        client
            .execute(
                "WITH clients AS (
                   INSERT INTO users (id) SELECT gen_random_uuid() FROM generate_series(1, $2 * 21) RETURNING id
                 ), numbered AS (SELECT id, row_number() OVER () AS n FROM clients)
                 INSERT INTO consultation_sessions (user_id, professional_id, session_date, duration_minutes, session_cost,
                   payment_status, event_sequence, next_reminder_at, session_status)
                 SELECT id, $1, now() + INTERVAL '2 hours' + n * INTERVAL '1 minute', 1, 10, 'paid', 1,
                   CASE WHEN n <= $2 THEN now() - INTERVAL '1 hour' ELSE now() + n * INTERVAL '1 hour' END, 'scheduled'
                 FROM numbered",
                &[&practice.id.parse::<uuid::Uuid>()?, &count],
            )
            .await?;
        client.batch_execute("ANALYZE consultation_sessions").await?;
        Ok(())
    }
}

#[tokio::test]
async fn sweeps_read_what_is_due_by_indexes() -> anyhow::Result<()> {
    let world = World::with_notifications().await?;
    let practice = world.practice().await?;
    world.fill_sessions(&practice, 1_000).await?;
    let client = world.slice.schema.connect().await?;
    for (query, index) in [
        (
            "SELECT id FROM consultation_sessions WHERE next_reminder_at <= now() ORDER BY next_reminder_at, id LIMIT 100",
            "consultation_sessions_next_reminder_idx",
        ),
        (
            "SELECT id FROM consultation_sessions WHERE session_status = 'scheduled' AND payment_status = 'pending'
               AND payment_due_at <= now() ORDER BY payment_due_at, id LIMIT 100",
            "consultation_sessions_payment_due_idx",
        ),
    ] {
        let plan = client.query(&format!("EXPLAIN {query}"), &[]).await?;
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{plan}");
    }
    Ok(())
}
