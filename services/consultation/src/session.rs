//! Sessions of clients with professionals.

mod api;
mod calendar;
pub(crate) mod ending;
mod events;
mod rating;
mod records;
mod reminder;
mod status;
pub(crate) mod store;
mod sweep;
mod unpaid;
pub(crate) mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, TimeDelta, Utc};
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use crate::payment::Share;

pub(crate) use events::{publish_booked, publish_rescheduled};
pub(crate) use reminder::{next_reminder, remind_forever};
pub use status::{SessionStatus, Verb};
pub(crate) use sweep::complete_forever;
pub(crate) use unpaid::cancel_unpaid_forever;

/// How a session is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SessionType {
    Video,
    Phone,
    Chat,
}

/// Whether a session is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PaymentStatus {
    Pending,
    Paid,
    Refunded,
}

/// Who cancelled a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CancelledBy {
    /// The client, or the guardian who booked.
    Client,
    Professional,
    Operator,
    /// A suspension, an erasure, or that nobody paid in time.
    Service,
}

/// A session.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: Uuid,
    /// Who consults the professional.
    pub client: Uuid,
    /// The guardian who booked for the client.
    pub booked_by: Option<Uuid>,
    pub professional: Uuid,
    pub start: DateTime<Utc>,
    pub minutes: i32,
    pub session_type: SessionType,
    pub status: SessionStatus,
    pub notes: Option<String>,
    pub rating: Option<i32>,
    pub feedback_text: Option<String>,
    pub cost: Option<BigDecimal>,
    pub payment_status: PaymentStatus,
    pub recording_url: Option<String>,
    pub follow_up_scheduled: bool,
    pub cancelled_by: Option<CancelledBy>,
    pub cancel_reason: Option<String>,
    pub follow_up_of: Option<Uuid>,
    pub recording_consent: bool,
    /// How often it was moved or cancelled.
    pub revision: i32,
    /// When it was booked, moved or cancelled last.
    pub revised_at: DateTime<Utc>,
    /// When it is cancelled unless it is paid.
    pub payment_due_at: Option<DateTime<Utc>>,
    /// The most that the client's cancellation gives back.
    pub refund_share: Share,
    /// What the cancellation gives back, whether or not the wallet has it.
    pub refund_amount: Option<BigDecimal>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What a caller is to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client, or the guardian who booked.
    Client,
    /// The client, for whom a guardian booked.
    Ward,
    Professional,
    /// No part in it: they only cancel it.
    Operator,
}

impl Session {
    /// Returns what a user is to the session.
    pub fn side_of(&self, user: Uuid, professional_account: Option<Uuid>) -> Option<Side> {
        if professional_account == Some(user) {
            Some(Side::Professional)
        } else if self.booked_by.unwrap_or(self.client) == user {
            Some(Side::Client)
        } else {
            (self.client == user).then_some(Side::Ward)
        }
    }

    /// Returns when the session ends.
    pub fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::minutes(self.minutes.into())
    }

    /// Returns what is given back if the client cancels or moves the session at `now`.
    pub fn client_share(&self, now: DateTime<Utc>) -> Share {
        Share::at(self.start, now).min(self.refund_share)
    }

    /// Returns the time by which the session must be paid.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        let is_due = self.status == SessionStatus::Scheduled && self.payment_status == PaymentStatus::Pending;
        self.payment_due_at.filter(|_| is_due)
    }
}

impl Side {
    /// Checks that the caller is on the client's side.
    pub fn check_client(self) -> Result<(), SessionError> {
        if self == Self::Client { Ok(()) } else { Err(SessionError::NotClient) }
    }

    /// Checks that the caller is the professional.
    pub fn check_professional(self) -> Result<(), SessionError> {
        if self == Self::Professional { Ok(()) } else { Err(SessionError::NotProfessional) }
    }
}

/// Why something is not done with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// It does not exist, or the caller has no part in it.
    #[error("no such session")]
    NotFound,
    #[error("the caller is not the client")]
    NotClient,
    #[error("the caller is not the professional")]
    NotProfessional,
    #[error("the session is {}", <&str>::from(.0))]
    WrongStatus(SessionStatus),
    #[error("the session has begun")]
    Started,
    #[error("the session has not begun")]
    NotStarted,
    #[error("the session begins too soon to be moved")]
    TooLate,
    /// It begins at another time than the caller named.
    #[error("the session was moved; read it again")]
    Moved,
    #[error("the session has a follow-up")]
    FollowUpScheduled,
    #[error("the session was rated before")]
    FeedbackGiven,
    #[error("the client does not consent to a recording")]
    NoConsent,
    #[error("the session is not paid")]
    Unpaid,
}

impl Rule for SessionError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::SessionNotFound),
            Self::NotClient => refuse(Code::PermissionDenied, ErrorReason::NotClient),
            Self::NotProfessional => refuse(Code::PermissionDenied, ErrorReason::NotProfessional),
            Self::WrongStatus(status) => {
                refuse(Code::FailedPrecondition, ErrorReason::WrongSessionStatus).with("session_status", <&str>::from(status))
            }
            Self::Started => refuse(Code::FailedPrecondition, ErrorReason::SessionStarted),
            Self::NotStarted => refuse(Code::FailedPrecondition, ErrorReason::SessionNotStarted),
            Self::TooLate => refuse(Code::FailedPrecondition, ErrorReason::TooLateToMove),
            Self::Moved => refuse(Code::Aborted, ErrorReason::SessionMoved),
            Self::FollowUpScheduled => refuse(Code::AlreadyExists, ErrorReason::FollowUpScheduled),
            Self::FeedbackGiven => refuse(Code::AlreadyExists, ErrorReason::FeedbackGiven),
            Self::NoConsent => refuse(Code::FailedPrecondition, ErrorReason::RecordingNotConsented),
            Self::Unpaid => refuse(Code::FailedPrecondition, ErrorReason::SessionUnpaid),
        }
    }
}
