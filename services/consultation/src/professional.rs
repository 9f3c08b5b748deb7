//! Professionals: whom one may consult.

mod api;
mod store;
mod wire;

use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_rpc::Refusal;
use std::sync::LazyLock;
use tonic::Code;

use bigdecimal::{BigDecimal, Zero as _};
use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use api::Api;

/// Most that a session can cost: 999,999.99.
pub static MOST: LazyLock<BigDecimal> = LazyLock::new(|| BigDecimal::new(99_999_999.into(), 2));

/// Why a call about a professional is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfessionalError {
    /// The caller knows of no such professional.
    #[error("no such professional")]
    NotFound,
    /// The caller has applied before, under another `request_id`.
    #[error("the caller has applied before")]
    AlreadyApplied,
}

impl Rule for ProfessionalError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::ProfessionalNotFound),
            Self::AlreadyApplied => refuse(Code::AlreadyExists, ErrorReason::AlreadyApplied),
        }
    }
}

/// What a professional speaks who says nothing of it.
pub const DEFAULT_LANGUAGE: &str = "English";

/// Whether credentials were checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum VerificationStatus {
    /// Not yet.
    Pending,
    /// They were.
    Verified,
    /// They were withdrawn.
    Suspended,
}

/// What a professional knows most of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Specialization {
    /// Diabetes.
    Diabetes,
    /// Heart health.
    HeartHealth,
    /// Sports nutrition.
    SportsNutrition,
}

/// What a professional says of themselves.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What they are called.
    pub professional_name: String,
    /// What they earned.
    pub credentials: Vec<String>,
    /// What they know most of, once each.
    pub specializations: Vec<Specialization>,
    /// Who they are.
    pub bio: Option<String>,
    /// How long they have done it.
    pub years_experience: Option<i32>,
    /// Price of a session; nothing when not yet said.
    pub consultation_rate: Option<BigDecimal>,
    /// Languages of sessions.
    pub languages: Vec<String>,
    /// Address of a photo.
    pub profile_image_url: Option<String>,
}

/// A professional.
#[derive(Debug, Clone)]
pub struct Professional {
    /// Their id.
    pub id: Uuid,
    /// Their user account, if they have one.
    pub user_id: Option<Uuid>,
    /// What they say of themselves.
    pub profile: Profile,
    /// Whether that was checked.
    pub verification_status: VerificationStatus,
    /// Mean of the ratings; nothing before the first.
    pub rating_average: Option<BigDecimal>,
    /// Completed sessions.
    pub total_consultations: i32,
    /// Whether they take bookings now.
    pub is_available: bool,
    /// When the entry was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Who asks for a professional.
#[derive(Debug, Clone, Copy)]
pub struct Viewer {
    /// Their user account.
    pub user: Uuid,
    /// Whether they check credentials.
    pub is_operator: bool,
}

impl Viewer {
    /// For whom this caller enters a professional: an operator for someone without an account, anybody else for themselves.
    pub fn enters(self) -> Option<Uuid> {
        (!self.is_operator).then_some(self.user)
    }

    /// The account of a professional, if the viewer may know it: it is theirs, or the viewer is an operator.
    pub fn account_of(self, professional: &Professional) -> Option<Uuid> {
        professional.user_id.filter(|account| self.is_operator || *account == self.user)
    }
}

/// The mean of ratings of 1-5 as the column keeps it, where 0 stands for there being none.
pub fn rating(average: BigDecimal) -> Option<BigDecimal> {
    (!average.is_zero()).then_some(average)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn professional(user_id: Option<Uuid>) -> Professional {
        let profile = Profile {
            professional_name: String::new(),
            credentials: Vec::new(),
            specializations: Vec::new(),
            bio: None,
            years_experience: None,
            consultation_rate: None,
            languages: Vec::new(),
            profile_image_url: None,
        };
        Professional {
            id: Uuid::nil(),
            user_id,
            profile,
            verification_status: VerificationStatus::Pending,
            rating_average: None,
            total_consultations: 0,
            is_available: true,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn accounts_are_for_oneself_and_operators() {
        let [own, other] = [1, 2].map(Uuid::from_u128);
        let user = Viewer { user: own, is_operator: false };
        let operator = Viewer { user: own, is_operator: true };
        assert_eq!(user.account_of(&professional(Some(own))), Some(own));
        assert_eq!(user.account_of(&professional(Some(other))), None);
        assert_eq!(operator.account_of(&professional(Some(other))), Some(other));
        assert_eq!(operator.account_of(&professional(None)), None);
        assert_eq!((user.enters(), operator.enters()), (Some(own), None));
    }

    #[test]
    fn no_rating_is_none() {
        assert_eq!(rating(BigDecimal::new(0.into(), 2)), None);
        assert_eq!(rating(BigDecimal::new(100.into(), 2)), Some(BigDecimal::from(1)));
    }
}
