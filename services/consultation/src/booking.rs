//! Taking time of professionals: holds, sessions, moves and follow-ups.
//!
//! All transactions lock in the same order: request keys, the client, the professional, sessions.

mod api;
mod follow_up;
mod hold;
mod reschedule;
mod session;
mod slot;
mod store;
mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, TimeDelta, Utc};
use orchard_client::Upstream;
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

use crate::family::{Permission, may_book};

/// How long a slot is held.
const HOLD_TTL: TimeDelta = TimeDelta::minutes(5);
/// The most holds of a client.
const MAX_HOLDS: i64 = 3;
/// How long a client has to pay a session.
const PAYABLE_FOR: TimeDelta = TimeDelta::minutes(30);
/// The most sessions of a client that have not begun.
const MAX_SESSIONS: i64 = 10;

/// For whom time is taken.
#[derive(Debug, Clone, Copy)]
struct Party {
    /// Who consults the professional.
    client: Uuid,
    /// Who books: the client, or the guardian of a child.
    booked_by: Uuid,
    permission: Permission,
}

impl Party {
    /// Asks whether somebody may book for a client. No transaction waits for the answer.
    async fn ask(family: &Upstream, client: Uuid, booked_by: Uuid) -> Self {
        Self { client, booked_by, permission: may_book(family, client, booked_by).await }
    }

    fn includes(&self, user: Uuid) -> bool {
        [self.client, self.booked_by].contains(&user)
    }
}

/// A slot as the caller has seen it.
#[derive(Debug, Clone)]
struct Slot {
    professional: Uuid,
    start: DateTime<Utc>,
    price: BigDecimal,
}

/// Why time is not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum BookingError {
    /// The professional is not verified or not available now.
    #[error("the professional takes no bookings now")]
    Unavailable,
    /// The professional is the client, or books.
    #[error("nobody consults themselves")]
    OwnProfessional,
    #[error("the professional has set no rate")]
    RateNotSet,
    #[error("a session costs {price:.2}")]
    PriceChanged {
        /// What it costs now.
        price: BigDecimal,
    },
    #[error("the client has {MAX_SESSIONS} sessions that have not begun")]
    TooManySessions,
    #[error("the client has {MAX_HOLDS} holds")]
    TooManyHolds,
    /// The hold of a repeated request is no more.
    #[error("the hold has ended")]
    HoldEnded,
}

impl Rule for BookingError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::Unavailable => refuse(Code::FailedPrecondition, ErrorReason::ProfessionalUnavailable),
            Self::OwnProfessional => refuse(Code::FailedPrecondition, ErrorReason::OwnProfessional),
            Self::RateNotSet => refuse(Code::FailedPrecondition, ErrorReason::RateNotSet),
            Self::PriceChanged { price } => {
                refuse(Code::FailedPrecondition, ErrorReason::PriceChanged).with("price", format!("{price:.2}"))
            }
            Self::TooManySessions => {
                refuse(Code::ResourceExhausted, ErrorReason::TooManySessions).with("max", MAX_SESSIONS.to_string())
            }
            Self::TooManyHolds => refuse(Code::ResourceExhausted, ErrorReason::TooManyHolds).with("max", MAX_HOLDS.to_string()),
            Self::HoldEnded => refuse(Code::FailedPrecondition, ErrorReason::SlotHoldEnded),
        }
    }
}
