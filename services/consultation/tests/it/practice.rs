//! Professionals who can be booked at any time, and clients who book them.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::booking_service_client::BookingServiceClient;
use orchard_proto::consultation::v1::session_service_client::SessionServiceClient;
use orchard_testkit::client::Client;
use prost_types::Timestamp;
use tonic::Status;
use uuid::Uuid;

use crate::world::Someone::{Operator, User};
use crate::world::{World, euros, flora, id};

/// A professional with an account.
#[derive(Debug, Clone)]
pub struct Practice {
    pub id: String,
    pub account: Uuid,
}

/// The price of a session of [`World::practice`].
pub const PRICE: i64 = 6_550;

/// Slots of 30 minutes at all times, without buffers and limits.
pub fn round_the_clock() -> pb::Schedule {
    let window = |weekday| pb::WeeklyWindow { weekday, start: "00:00".to_owned(), end: "24:00".to_owned() };
    pb::Schedule {
        time_zone: "Europe/Berlin".to_owned(),
        weekly_windows: (1..=7).map(window).collect(),
        slot_minutes: 30,
        step_minutes: 30,
        horizon_days: 60,
        ..Default::default()
    }
}

/// The start of the hour in which the tests began: it stays the same when the clock strikes meanwhile.
static HOUR: LazyLock<DateTime<Utc>> = LazyLock::new(|| {
    let now = Utc::now();
    let whole = now.with_minute(0).and_then(|now| now.with_second(0)).and_then(|now| now.with_nanosecond(0));
    whole.expect("a time")
});

/// Returns the start of an hour, so many hours after that in which the tests began.
pub fn hours(hours: i64) -> DateTime<Utc> {
    *HOUR + TimeDelta::hours(hours)
}

pub fn wire(time: DateTime<Utc>) -> Option<Timestamp> {
    Some(Timestamp { seconds: time.timestamp(), nanos: 0 })
}

/// A request for a video session at the price of [`World::practice`].
pub fn wanted(practice: &Practice, start: DateTime<Utc>) -> pb::BookSessionRequest {
    pb::BookSessionRequest {
        professional_id: practice.id.clone(),
        start_time: wire(start),
        session_type: pb::SessionType::Video.into(),
        price: euros(PRICE),
        user_id: String::new(),
        request_id: id().to_string(),
    }
}

impl World {
    /// Creates a verified professional with a schedule.
    pub async fn practice_with(&self, schedule: pb::Schedule) -> anyhow::Result<Practice> {
        let account = id();
        let professional = self.create(User(account), flora()).await?;
        self.set_schedule(User(account), &professional.professional_id, schedule).await?;
        self.verify(&professional.professional_id).await?;
        Ok(Practice { id: professional.professional_id, account })
    }

    pub async fn practice(&self) -> anyhow::Result<Practice> {
        self.practice_with(round_the_clock()).await
    }

    pub fn bookings(&self, user: Uuid) -> BookingServiceClient<Client> {
        BookingServiceClient::new(self.client(User(user)).expect("client"))
    }

    pub fn sessions(&self, user: Uuid) -> SessionServiceClient<Client> {
        SessionServiceClient::new(self.client(User(user)).expect("client"))
    }

    pub async fn book_as(&self, user: Uuid, request: pb::BookSessionRequest) -> Result<pb::Session, Status> {
        Ok(self.bookings(user).book_session(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn book(&self, user: Uuid, practice: &Practice, start: DateTime<Utc>) -> Result<pb::Session, Status> {
        self.book_as(user, wanted(practice, start)).await
    }

    pub async fn hold(&self, user: Uuid, practice: &Practice, start: DateTime<Utc>) -> Result<pb::SlotHold, Status> {
        let request = pb::HoldSlotRequest {
            professional_id: practice.id.clone(),
            start_time: wire(start),
            price: euros(PRICE),
            user_id: String::new(),
            request_id: id().to_string(),
        };
        Ok(self.bookings(user).hold_slot(request).await?.into_inner().slot_hold.expect("a hold"))
    }

    pub async fn release(&self, user: Uuid, hold: &pb::SlotHold) -> Result<(), Status> {
        let request = pb::ReleaseSlotHoldRequest { slot_hold_id: hold.slot_hold_id.clone() };
        self.bookings(user).release_slot_hold(request).await.map(drop)
    }

    pub async fn reschedule(&self, user: Uuid, session: &pb::Session, to: DateTime<Utc>) -> Result<pb::Session, Status> {
        let request = pb::RescheduleSessionRequest {
            session_id: session.session_id.clone(),
            current_start_time: session.start_time,
            new_start_time: wire(to),
        };
        Ok(self.bookings(user).reschedule_session(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn follow_up(&self, user: Uuid, session: &pb::Session, start: DateTime<Utc>) -> Result<pb::Session, Status> {
        let request = pb::ScheduleFollowUpRequest {
            session_id: session.session_id.clone(),
            start_time: wire(start),
            session_type: pb::SessionType::Phone.into(),
            price: euros(PRICE),
            request_id: id().to_string(),
        };
        Ok(self.bookings(user).schedule_follow_up(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn session(&self, user: Uuid, session: &str) -> Result<pb::Session, Status> {
        let request = pb::GetSessionRequest { session_id: session.to_owned() };
        Ok(self.sessions(user).get_session(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn cancel(&self, user: Uuid, session: &pb::Session) -> Result<pb::Session, Status> {
        let request = pb::CancelSessionRequest { session_id: session.session_id.clone(), cancel_reason: "Not well".to_owned() };
        Ok(self.sessions(user).cancel_session(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn cancel_as_operator(&self, session: &pb::Session) -> Result<pb::Session, Status> {
        let request = pb::CancelSessionRequest { session_id: session.session_id.clone(), cancel_reason: String::new() };
        let client = self.client(Operator(id())).expect("client");
        Ok(SessionServiceClient::new(client).cancel_session(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn complete(&self, user: Uuid, session: &pb::Session) -> Result<pb::Session, Status> {
        let request = pb::CompleteSessionRequest { session_id: session.session_id.clone() };
        Ok(self.sessions(user).complete_session(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn no_show(&self, user: Uuid, session: &pb::Session) -> Result<pb::Session, Status> {
        let request = pb::MarkNoShowRequest { session_id: session.session_id.clone() };
        Ok(self.sessions(user).mark_no_show(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn rate(&self, user: Uuid, session: &pb::Session, rating: i32, text: &str) -> Result<pb::Session, Status> {
        let request = pb::RateSessionRequest { session_id: session.session_id.clone(), rating, feedback_text: text.to_owned() };
        Ok(self.sessions(user).rate_session(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn note(&self, user: Uuid, session: &pb::Session, notes: &str) -> Result<pb::Session, Status> {
        let request = pb::SetSessionNotesRequest { session_id: session.session_id.clone(), session_notes: notes.to_owned() };
        Ok(self.sessions(user).set_session_notes(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn consent(&self, user: Uuid, session: &pb::Session, consent: bool) -> Result<pb::Session, Status> {
        let request = pb::SetRecordingConsentRequest { session_id: session.session_id.clone(), recording_consent: consent };
        Ok(self.sessions(user).set_recording_consent(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn record(&self, user: Uuid, session: &pb::Session, url: &str) -> Result<pb::Session, Status> {
        let request = pb::SetRecordingRequest { session_id: session.session_id.clone(), recording_url: url.to_owned() };
        Ok(self.sessions(user).set_recording(request).await?.into_inner().session.expect("a session"))
    }

    pub async fn calendar(&self, user: Uuid, session: &pb::Session) -> Result<String, Status> {
        let request = pb::ExportSessionCalendarRequest { session_id: session.session_id.clone() };
        Ok(self.sessions(user).export_session_calendar(request).await?.into_inner().calendar)
    }

    /// Lets time pass, by moving a session back, which is paid meanwhile, and returns the session.
    pub async fn bring_forward(&self, user: Uuid, session: &pb::Session, hours: i32) -> anyhow::Result<pb::Session> {
        let client = self.slice.schema.connect().await?;
        let by = "make_interval(hours => $2)";
        let moved = format!(
            "WITH session AS (
               UPDATE consultation_sessions SET session_date = session_date - {by}, payment_status = 'paid',
                 updated_at = now() WHERE id = $1
             )
             UPDATE time_claims SET starts_at = starts_at - {by}, ends_at = ends_at - {by}, taken_from = taken_from - {by},
               taken_to = taken_to - {by} WHERE id = $1"
        );
        client.execute(&moved, &[&session.session_id.parse::<Uuid>()?, &hours]).await?;
        Ok(self.session(user, &session.session_id).await?)
    }

    /// Books a session that has begun.
    pub async fn begun(&self, user: Uuid, practice: &Practice) -> anyhow::Result<pb::Session> {
        let session = self.book(user, practice, hours(24)).await?;
        self.bring_forward(user, &session, 24).await
    }

    pub async fn count(&self, query: &str) -> anyhow::Result<i64> {
        Ok(self.slice.schema.connect().await?.query_one(query, &[]).await?.get(0))
    }
}
