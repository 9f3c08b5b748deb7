//! The erasure of users by all services.
//!
//! A request is an intent ([`orchard_intents`]): it is due when it begins, and is retried until each service has answered. Nothing is
//! delivered as an event, which would wait behind others.

mod api;
mod gauges;
mod store;
mod telling;
mod wire;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::{self as pb, ErrorReason};
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr, VariantArray};
use tonic::Code;
use uuid::Uuid;

pub(crate) use gauges::keep as keep_gauges;
pub(crate) use telling::{Erasures, Others};

/// The time that the law leaves.
const LIMIT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest delay: half of it.
pub(crate) const MAX_DELAY: Duration = Duration::from_secs(LIMIT.as_secs() / 2);

/// Why a call about an erasure is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum ErasureError {
    #[error("no such erasure")]
    NotFound,
    #[error("the erasure has begun and cannot be cancelled")]
    Begun,
}

impl Rule for ErasureError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Refusal::new(Code::NotFound, ErrorReason::ErasureNotFound, self),
            Self::Begun => Refusal::new(Code::FailedPrecondition, ErrorReason::ErasureBegun, self),
        }
    }
}

/// How far an erasure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum ErasureState {
    Requested,
    Running,
    Done,
}

orchard_db::text_column!(ErasureState);
orchard_rpc::wire_enum!(ErasureState => pb::ErasureState: Requested, Running, Done);

/// Who asked for an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum Requester {
    User,
    Operator,
}

orchard_db::text_column!(Requester);
orchard_rpc::wire_enum!(Requester => pb::ErasureRequester: User, Operator);

/// A service that stores data of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
enum Eraser {
    Consultation,
    Family,
    Recipe,
    Social,
}

orchard_db::text_column!(Eraser);

impl Eraser {
    /// Returns the services that must have answered before this one is told: they wait until the wallet of the user's plan has what is
    /// owed to it.
    const fn after(self) -> &'static [Self] {
        match self {
            Self::Family => &[Self::Consultation, Self::Social],
            Self::Consultation | Self::Recipe | Self::Social => &[],
        }
    }

    /// Returns which services are to be told next, when these have answered.
    fn due(answered: &BTreeSet<Self>) -> Vec<Self> {
        let is_due = |eraser: &Self| !answered.contains(eraser) && eraser.after().iter().all(|first| answered.contains(first));
        Self::VARIANTS.iter().copied().filter(is_due).collect()
    }
}

/// An erasure.
#[derive(Debug, Clone)]
struct Erasure {
    id: Uuid,
    /// `None` once it is done.
    user: Option<Uuid>,
    requester: Requester,
    state: ErasureState,
    requested_at: DateTime<Utc>,
    begins_at: DateTime<Utc>,
    deadline: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_left_after_what_is_owed_to_it() {
        let due = |answered: &[Eraser]| Eraser::due(&answered.iter().copied().collect());
        assert_eq!(due(&[]), [Eraser::Consultation, Eraser::Recipe, Eraser::Social]);
        assert_eq!(due(&[Eraser::Recipe, Eraser::Social]), [Eraser::Consultation]);
        assert_eq!(due(&[Eraser::Consultation, Eraser::Social]), [Eraser::Family, Eraser::Recipe]);
        assert_eq!(due(Eraser::VARIANTS), []);
    }
}
