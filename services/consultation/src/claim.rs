//! The time that sessions and held slots take of a professional and of a client.

pub(crate) mod store;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

use crate::availability::Taken;

/// Why time cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The professional does not offer the time, or somebody else has taken it.
    #[error("the slot is not free")]
    SlotTaken,
    /// The client has a session or a hold at that time, with this professional or another.
    #[error("the client has another session at that time")]
    ClientBusy,
    /// The client has a hold of the same professional.
    #[error("the client holds another slot of the professional")]
    HeldBefore,
}

impl Rule for ClaimError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::SlotTaken => refuse(Code::FailedPrecondition, ErrorReason::SlotTaken),
            Self::ClientBusy => refuse(Code::FailedPrecondition, ErrorReason::ClientBusy),
            Self::HeldBefore => refuse(Code::ResourceExhausted, ErrorReason::TooManyHolds).with("max", "1"),
        }
    }
}

/// Time to take.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The id of the session or the hold.
    pub id: Uuid,
    pub professional: Uuid,
    pub client: Uuid,
    pub time: Taken,
    /// On which terms it is held, if it is a hold.
    pub hold: Option<HoldTerms>,
}

/// The terms of a hold.
#[derive(Debug, Clone)]
pub struct HoldTerms {
    /// Who holds the time: the client, or the guardian of a child.
    pub held_by: Uuid,
    pub price: BigDecimal,
    pub expires_at: DateTime<Utc>,
}

/// Time that a client holds.
#[derive(Debug, Clone)]
pub struct Hold {
    pub id: Uuid,
    pub professional: Uuid,
    pub client: Uuid,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub price: BigDecimal,
    pub expires_at: DateTime<Utc>,
}
