//! Cancellations with the right answers: instants and cents.

use bigdecimal::{BigDecimal, ToPrimitive as _};
use chrono::{DateTime, Utc};
use orchard_db::Rule as _;
use orchard_proto::consultation::v1::ErrorReason;
use serde::Deserialize;
use uuid::Uuid;

use super::ending::{cancellation, refund};
use super::{PaymentStatus, Session, SessionStatus, SessionType, Side, Verb};
use crate::payment::Share;

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    input: Input,
    expected: Expected,
}

#[derive(Debug, Deserialize)]
struct Input {
    by: String,
    paid_cents: i64,
    start: DateTime<Utc>,
    at: DateTime<Utc>,
    /// Of a session that the client has moved: where from, and when.
    first_start: Option<DateTime<Utc>>,
    rescheduled_at: Option<DateTime<Utc>>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Expected {
    answer: String,
    refund_cents: i64,
    payment_status: String,
    session_status: String,
}

/// Returns a paid session at its first start.
fn booked(input: &Input) -> Session {
    let start = input.first_start.unwrap_or(input.start);
    Session {
        id: Uuid::nil(),
        client: Uuid::nil(),
        booked_by: None,
        professional: Uuid::nil(),
        start,
        minutes: 30,
        session_type: SessionType::Video,
        status: SessionStatus::Scheduled,
        notes: None,
        rating: None,
        feedback_text: None,
        cost: Some(BigDecimal::new(input.paid_cents.into(), 2)),
        payment_status: PaymentStatus::Paid,
        recording_url: None,
        follow_up_scheduled: false,
        cancelled_by: None,
        cancel_reason: None,
        follow_up_of: None,
        recording_consent: false,
        revision: 0,
        revised_at: start,
        payment_due_at: None,
        refund_share: Share::Full,
        refund_amount: None,
        created_at: start,
        updated_at: start,
    }
}

/// Returns what becomes of a session.
fn outcome(input: &Input) -> Expected {
    let mut session = booked(input);
    if let Some(at) = input.rescheduled_at {
        session = Session { refund_share: session.client_share(at), start: input.start, ..session };
    }
    let ended = match input.by.as_str() {
        "client" | "guardian" => cancellation(Side::Client, &session, input.at),
        "professional" => cancellation(Side::Professional, &session, input.at),
        "operator" => cancellation(Side::Operator, &session, input.at),
        "no_show" => Ok((Verb::MarkNoShow, super::CancelledBy::Service, Share::None)),
        // By the service itself.
        _ => Ok((Verb::CallOff, super::CancelledBy::Service, Share::Full)),
    };
    let after = ended.and_then(|(verb, _, share)| Ok((verb.after(session.status, session.start, input.at)?, share)));
    let (answer, status, share) = match after {
        Ok((status, share)) => ("OK".to_owned(), status, share),
        Err(error) => (reason(error), session.status, Share::None),
    };
    let cents = (refund(&session, share) * BigDecimal::from(100)).to_i64().expect("cents");
    let payment = if cents > 0 { PaymentStatus::Refunded } else { PaymentStatus::Paid };
    Expected {
        answer,
        refund_cents: cents,
        payment_status: <&str>::from(payment).to_owned(),
        session_status: <&str>::from(status).to_owned(),
    }
}

fn reason(error: super::SessionError) -> String {
    let refusal = error.refusal();
    let known = [ErrorReason::SessionStarted, ErrorReason::SessionNotStarted, ErrorReason::WrongSessionStatus];
    let reason = known.into_iter().find(|reason| refusal.is(*reason)).expect("a reason");
    reason.as_str_name().trim_start_matches("ERROR_REASON_").to_owned()
}

#[test]
fn each_cancellation_gives_back_what_the_rule_says() {
    let mut count = 0;
    for line in include_str!("cases.jsonl").lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        assert_eq!(outcome(&case.input), case.expected, "{}", case.id);
        count += 1;
    }
    assert!(count >= 20, "{count} cases");
}
