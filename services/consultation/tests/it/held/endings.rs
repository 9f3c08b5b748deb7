//! How sessions end.

use orchard_consultation::Service;
use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::SessionStatus::{self, Cancelled, Completed, NoShow, Scheduled};
use orchard_server::Slice as _;
use orchard_testkit::answer::{metadata, refused};
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::SliceUnderTest;
use std::sync::Arc;
use tonic::{Code, Status};
use uuid::Uuid;

use super::Case;
use crate::booking::failed;
use crate::practice::hours;
use crate::world::{NOWHERE, World, id, insist, settings};

const NAMES: [(SessionStatus, &str); 4] =
    [(Scheduled, "scheduled"), (Completed, "completed"), (Cancelled, "cancelled"), (NoShow, "no_show")];

/// What is done with a session, and by whom.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Move,
    Cancel,
    Complete,
    MarkNoShow,
    Rate,
    FollowUp,
    Record,
}

async fn act(world: &World, case: &Case, verb: Verb) -> Result<pb::Session, Status> {
    let Case { practice, client, session } = case;
    match verb {
        Verb::Move => world.reschedule(*client, session, hours(70)).await,
        Verb::Cancel => world.cancel(*client, session).await,
        Verb::Complete => world.complete(practice.account, session).await,
        Verb::MarkNoShow => world.no_show(practice.account, session).await,
        Verb::Rate => world.rate(*client, session, 4, "").await,
        Verb::FollowUp => world.follow_up(*client, session, hours(80)).await,
        Verb::Record => world.record(practice.account, session, "https://example.org/a").await,
    }
}

/// Every status, before and after the start, and every verb.
#[tokio::test]
async fn each_verb_is_done_in_its_statuses_only() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let database = world.slice.schema.connect().await?;
    for (status, name) in NAMES {
        for is_begun in [false, true] {
            for verb in [Verb::Move, Verb::Cancel, Verb::Complete, Verb::MarkNoShow, Verb::Rate, Verb::FollowUp, Verb::Record] {
                let (practice, client) = (world.practice().await?, id());
                let session = world.book(client, &practice, hours(24)).await?;
                world.consent(client, &session, true).await?;
                let id: Uuid = session.session_id.parse()?;
                let set = format!(
                    "UPDATE consultation_sessions SET session_status = '{name}', updated_at = now(),
                     cancelled_by = CASE WHEN '{name}' = 'cancelled' THEN 'client' END WHERE id = $1"
                );
                database.execute(&set, &[&id]).await?;
                let session = world.bring_forward(client, &session, if is_begun { 24 } else { 0 }).await?;
                let case = Case { practice, client, session };
                let outcome = act(&world, &case, verb).await;
                let after = world.session(client, &case.session.session_id).await?;
                let context = format!("{status:?} {is_begun} {verb:?}");
                match expected(status, is_begun, verb) {
                    Ok(expected) => {
                        assert!(outcome.is_ok(), "{context}: {outcome:?}");
                        assert_eq!(after.session_status(), expected, "{context}");
                    }
                    Err(reason) => {
                        let refusal = outcome.expect_err(&context);
                        let named = metadata(&refusal, "session_status");
                        assert_eq!(refused::<()>(Err(refusal)), failed(reason), "{context}");
                        assert_eq!(named.as_deref(), (reason == "WRONG_SESSION_STATUS").then_some(name), "{context}");
                        assert_eq!(after, case.session, "{context}: nothing is changed");
                    }
                }
            }
        }
    }
    Ok(())
}

fn expected(status: SessionStatus, is_begun: bool, verb: Verb) -> Result<SessionStatus, &'static str> {
    match (verb, status, is_begun) {
        (Verb::Cancel, Cancelled, _) => Ok(Cancelled),
        (Verb::Complete | Verb::Rate | Verb::FollowUp | Verb::Record, Completed, _) => Ok(Completed),
        (Verb::MarkNoShow | Verb::FollowUp, NoShow, _) => Ok(NoShow),
        (Verb::Move, Scheduled, false) => Ok(Scheduled),
        (Verb::Cancel, Scheduled, false) => Ok(Cancelled),
        (Verb::Move | Verb::Cancel, Scheduled, true) => Err("SESSION_STARTED"),
        (Verb::Complete | Verb::MarkNoShow | Verb::FollowUp | Verb::Record, Scheduled, false) => Err("SESSION_NOT_STARTED"),
        (Verb::Complete, Scheduled, true) => Ok(Completed),
        (Verb::MarkNoShow, Scheduled, true) => Ok(NoShow),
        (Verb::FollowUp | Verb::Record, Scheduled, true) => Ok(Scheduled),
        _ => Err("WRONG_SESSION_STATUS"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_endings_one_happens() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let database = world.slice.schema.connect().await?;
    let mut ended = [0; 3];
    for round in 0..8 {
        let (practice, client) = (world.practice().await?, id());
        let session = world.book(client, &practice, hours(24)).await?;
        // In some rounds it is moved as well, and in some it may be completed at once.
        let begun = world.bring_forward(client, &session, [1, 23, 24][round % 3]).await?;
        // It begins while the calls are under way.
        let begin = async {
            let start = "UPDATE consultation_sessions SET session_date = now(), updated_at = now()
                WHERE id = $1 AND session_date > now()";
            database.execute(start, &[&begun.session_id.parse::<Uuid>().expect("an id")]).await
        };
        let (cancelled, _moved, begins, completed, no_show) = tokio::join!(
            insist(|| world.cancel(client, &begun)),
            insist(|| world.reschedule(client, &begun, hours(60))),
            begin,
            insist(|| world.complete(practice.account, &begun)),
            insist(|| world.no_show(practice.account, &begun)),
        );
        begins?;
        let done = [cancelled.is_ok(), completed.is_ok(), no_show.is_ok()].iter().filter(|done| **done).count();
        assert!(done <= 1, "{round}: {cancelled:?} {completed:?} {no_show:?}");
        assert!(round % 3 != 2 || done == 1, "{round}: of two who may end it one does");
        for (count, done) in ended.iter_mut().zip([cancelled.is_ok(), completed.is_ok(), no_show.is_ok()]) {
            *count += usize::from(done);
        }
    }
    assert!(ended.iter().sum::<usize>() >= 2, "{ended:?}");
    let recount = "SELECT count(*) FROM health_professionals p WHERE total_consultations <>
        (SELECT count(*) FROM consultation_sessions s WHERE s.professional_id = p.id AND session_status = 'completed')";
    assert_eq!(world.count(recount).await?, 0);
    Ok(())
}

#[tokio::test]
async fn who_cancels_is_kept_and_the_slot_is_free_at_once() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    for by in [pb::CancelledBy::Client, pb::CancelledBy::Professional, pb::CancelledBy::Operator] {
        let session = world.book(client, &practice, hours(24)).await?;
        let cancelled = match by {
            pb::CancelledBy::Client => world.cancel(client, &session).await?,
            pb::CancelledBy::Professional => world.cancel(practice.account, &session).await?,
            _ => world.cancel_as_operator(&session).await?,
        };
        assert_eq!((cancelled.session_status(), cancelled.cancelled_by()), (Cancelled, by));
        let reason = if by == pb::CancelledBy::Operator { "" } else { "Not well" };
        assert_eq!(world.session(client, &session.session_id).await?.cancel_reason, reason);
        // A second cancellation changes nothing, by whichever side.
        assert_eq!(world.cancel(client, &session).await?.cancelled_by(), by);
    }
    world.book(id(), &practice, hours(24)).await?;
    Ok(())
}

#[tokio::test]
async fn a_suspension_cancels_what_is_to_come() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let begun = world.begun(client, &practice).await?;
    let to_come = world.book(client, &practice, hours(24)).await?;
    world.hold(client, &practice, hours(25)).await?;
    let elsewhere = world.practice().await?;
    let other = world.book(client, &elsewhere, hours(26)).await?;
    world.suspend(&practice.id, "Why").await?;
    let after = world.session(client, &to_come.session_id).await?;
    assert_eq!((after.session_status(), after.cancelled_by()), (Cancelled, pb::CancelledBy::Service));
    assert_eq!(world.session(client, &begun.session_id).await?, begun);
    assert_eq!(world.session(client, &other.session_id).await?, other);
    assert_eq!(world.count("SELECT count(*) FROM time_claims").await?, 2, "the time of the hold and of the session is free");
    // The client still reads the professional.
    world.get(crate::world::Someone::User(client), &practice.id).await?;
    let unknown = (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned());
    assert_eq!(refused(world.book(id(), &practice, hours(24)).await), unknown);
    assert_eq!(refused(world.book(client, &practice, hours(24)).await), failed("PROFESSIONAL_UNAVAILABLE"));
    Ok(())
}

/// The service looks when it starts, and then every minute.
#[tokio::test]
async fn a_session_completes_by_itself_after_seven_days() -> anyhow::Result<()> {
    let schema = Schema::create().await?;
    schema.migrate(Service::migrations()).await?;
    let client = schema.connect().await?;
    client
        .batch_execute(
            "INSERT INTO users (id) VALUES (gen_random_uuid());
             INSERT INTO health_professionals (professional_name) VALUES ('Flora');
             INSERT INTO consultation_sessions (user_id, professional_id, session_date, duration_minutes, payment_status,
               session_status, cancelled_by)
             SELECT users.id, health_professionals.id, now() - age, 60, 'paid', status, CASE WHEN status = 'cancelled' THEN 'client' END
             FROM users, health_professionals, (VALUES
               (INTERVAL '7 days 2 hours', 'scheduled'), (INTERVAL '7 days 30 minutes', 'scheduled'),
               (INTERVAL '9 days', 'cancelled'), (INTERVAL '9 days 2 hours', 'no_show')) AS given (age, status)",
        )
        .await?;
    let keys = Arc::new(DevKeys::ephemeral()?);
    let slice = SliceUnderTest::start_in::<Service>(&settings(&keys, NOWHERE), schema, keys).await?;
    slice.schema.until("SELECT count(*) FROM consultation_sessions WHERE session_status = 'completed'", 1).await?;
    let rows = "SELECT string_agg(session_status, ' ' ORDER BY session_date),
        (SELECT total_consultations FROM health_professionals) FROM consultation_sessions";
    let row = client.query_one(rows, &[]).await?;
    assert_eq!((row.get(0), row.get(1)), ("no_show cancelled completed scheduled", 1));
    Ok(())
}
