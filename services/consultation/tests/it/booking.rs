//! Booking sessions.

mod follow_ups;
mod guardians;
mod holds;
mod races;
mod reschedules;

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use tonic::Code;

use crate::practice::{PRICE, hours, round_the_clock, wanted, wire};
use crate::world::Someone::User;
use crate::world::{World, euros, id};

pub fn failed(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

#[tokio::test]
async fn a_booked_session_is_read_back_unchanged() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let booked = world.book(client, &practice, hours(24)).await?;
    let expected = pb::Session {
        session_id: booked.session_id.clone(),
        user_id: client.to_string(),
        professional_id: practice.id.clone(),
        start_time: wire(hours(24)),
        duration_minutes: 30,
        session_type: pb::SessionType::Video.into(),
        session_status: pb::SessionStatus::Scheduled.into(),
        session_cost: euros(PRICE),
        payment_status: pb::PaymentStatus::Pending.into(),
        payment_due_time: booked.payment_due_time,
        create_time: booked.create_time,
        update_time: booked.create_time,
        ..Default::default()
    };
    assert_eq!(booked, expected);
    assert_eq!(world.session(client, &booked.session_id).await?, expected);
    assert_eq!(world.session(practice.account, &booked.session_id).await?, expected);
    // A repeated request books nothing, and another body under its id is refused.
    let request = wanted(&practice, hours(25));
    let first = world.book_as(client, request.clone()).await?;
    assert_eq!(world.book_as(client, request.clone()).await?, first);
    let other = pb::BookSessionRequest { start_time: wire(hours(26)), ..request };
    let reused = (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned());
    assert_eq!(refused(world.book_as(client, other).await), reused);
    assert_eq!(world.count("SELECT count(*) FROM consultation_sessions").await?, 2);
    Ok(())
}

#[tokio::test]
async fn what_is_not_offered_is_not_booked() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let taken = failed("SLOT_TAKEN");
    for (start, why) in [
        (hours(24) + chrono::TimeDelta::minutes(15), "between two starts"),
        (hours(24) + chrono::TimeDelta::seconds(1), "beside a start"),
        (hours(-1), "past"),
        (hours(24 * 62), "beyond the horizon"),
    ] {
        assert_eq!(refused(world.book(client, &practice, start).await), taken, "{why}");
        assert_eq!(refused(world.hold(client, &practice, start).await), taken, "{why}");
    }
    assert_eq!(refused(world.book(practice.account, &practice, hours(24)).await), failed("OWN_PROFESSIONAL"));
    let cheaper = pb::BookSessionRequest { price: euros(PRICE - 1), ..wanted(&practice, hours(24)) };
    let refusal = world.book_as(client, cheaper).await.expect_err("another price");
    assert_eq!(
        (refused::<()>(Err(refusal.clone())), metadata(&refusal, "price")),
        (failed("PRICE_CHANGED"), Some("65.50".to_owned()))
    );

    let unknown = (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned());
    let nobody = pb::BookSessionRequest { professional_id: id().to_string(), ..wanted(&practice, hours(24)) };
    assert_eq!(refused(world.book_as(client, nobody).await), unknown);
    world.book(client, &practice, hours(24)).await?;
    world.set("is_available = false").await?;
    assert_eq!(refused(world.book(id(), &practice, hours(25)).await), unknown, "strangers do not see them");
    let unavailable = failed("PROFESSIONAL_UNAVAILABLE");
    assert_eq!(refused(world.book(client, &practice, hours(25)).await), unavailable, "their clients do");
    world.set("is_available = true, consultation_rate = NULL").await?;
    assert_eq!(refused(world.book(client, &practice, hours(25)).await), failed("RATE_NOT_SET"));
    world.set("consultation_rate = 65.50, available_time_slots = NULL").await?;
    assert_eq!(refused(world.book(client, &practice, hours(25)).await), taken);
    assert_eq!(world.count("SELECT count(*) FROM time_claims").await?, 1, "nothing is half done");
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_a_booking_is_said_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let bad = pb::BookSessionRequest {
        professional_id: "x".to_owned(),
        start_time: None,
        session_type: 9,
        price: Some(orchard_proto::google::r#type::Money { currency_code: "EUR".to_owned(), units: 65, nanos: 5_000_000 }),
        user_id: "y".to_owned(),
        request_id: String::new(),
    };
    let all = ["professional_id", "start_time", "session_type", "price", "user_id", "request_id"];
    assert_eq!(violations(world.book_as(id(), bad.clone()).await), all);
    let hold = pb::HoldSlotRequest { price: None, professional_id: "x".to_owned(), ..Default::default() };
    let found = violations(world.bookings(id()).hold_slot(hold).await);
    assert_eq!(found, ["professional_id", "start_time", "price", "request_id"]);
    let same = wire(hours(24));
    let still = pb::RescheduleSessionRequest { session_id: "x".to_owned(), current_start_time: same, new_start_time: same };
    let found = violations(world.bookings(id()).reschedule_session(still).await);
    assert_eq!(found, ["session_id", "new_start_time"]);
    let follow_up = pb::ScheduleFollowUpRequest::default();
    let found = violations(world.bookings(id()).schedule_follow_up(follow_up).await);
    assert_eq!(found, ["session_id", "start_time", "session_type", "price", "request_id"]);
    Ok(())
}

#[tokio::test]
async fn a_client_has_ten_sessions_to_come_and_pays_no_free_one() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    for hour in 0..10 {
        world.book(client, &practice, hours(24 + hour)).await?;
    }
    let refusal = world.book(client, &practice, hours(48)).await.expect_err("the eleventh");
    assert_eq!(metadata(&refusal, "max").as_deref(), Some("10"));
    assert_eq!(refused::<()>(Err(refusal)), (Code::ResourceExhausted, "TOO_MANY_SESSIONS".to_owned()));
    world.set("consultation_rate = 0").await?;
    let free = pb::BookSessionRequest { price: euros(0), ..wanted(&practice, hours(48)) };
    let booked = world.book_as(id(), free).await?;
    assert_eq!((booked.payment_status(), booked.session_cost), (pb::PaymentStatus::Paid, euros(0)));
    Ok(())
}

#[tokio::test]
async fn buffers_notice_and_the_most_per_day_hold_for_bookings() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let schedule = pb::Schedule {
        buffer_after_minutes: 30,
        notice_minutes: 24 * 60,
        max_per_day: Some(2),
        time_zone: "UTC".to_owned(),
        ..round_the_clock()
    };
    let practice = world.practice_with(schedule).await?;
    let noon = (hours(72)).date_naive().and_hms_opt(12, 0, 0).expect("noon").and_utc();
    assert_eq!(refused(world.book(id(), &practice, hours(23)).await), failed("SLOT_TAKEN"), "the notice");
    world.book(id(), &practice, noon).await?;
    let half = chrono::TimeDelta::minutes(30);
    assert_eq!(refused(world.book(id(), &practice, noon + half).await), failed("SLOT_TAKEN"), "its buffer");
    assert_eq!(refused(world.book(id(), &practice, noon - half).await), failed("SLOT_TAKEN"), "the other one's buffer");
    let second = world.book(id(), &practice, noon + half * 2).await?;
    assert_eq!(refused(world.book(id(), &practice, noon + half * 8).await), failed("SLOT_TAKEN"), "two begin that day");
    world.cancel(second.user_id.parse()?, &second).await?;
    world.book(id(), &practice, noon + half * 8).await?;
    // The professional manages the schedule without what is booked changing.
    world.set_schedule(User(practice.account), &practice.id, round_the_clock()).await?;
    assert_eq!(refused(world.book(id(), &practice, noon + half).await), failed("SLOT_TAKEN"), "the buffer of that day");
    Ok(())
}
