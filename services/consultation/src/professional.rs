//! Health professionals, whom users may consult.

mod api;
mod store;
mod wire;

use std::sync::LazyLock;

use bigdecimal::{BigDecimal, Zero as _};
use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;

/// The highest rate of a session: 999,999.99.
pub static MAX_RATE: LazyLock<BigDecimal> = LazyLock::new(|| BigDecimal::new(99_999_999.into(), 2));

/// Why a call about a professional is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfessionalError {
    /// There is no such professional, or the caller may not see them.
    #[error("no such professional")]
    NotFound,
    /// The caller has applied before, with another `request_id`.
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

/// The language of professionals who name none.
pub const DEFAULT_LANGUAGE: &str = "English";

/// Whether an operator has verified a professional's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum VerificationStatus {
    /// Not verified yet.
    Pending,
    Verified,
    /// No longer verified.
    Suspended,
}

/// A professional's field of expertise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Specialization {
    Diabetes,
    HeartHealth,
    SportsNutrition,
}

/// What professionals state about themselves.
#[derive(Debug, Clone)]
pub struct Profile {
    pub professional_name: String,
    /// Titles and certificates.
    pub credentials: Vec<String>,
    /// Distinct fields of expertise.
    pub specializations: Vec<Specialization>,
    /// A biography.
    pub bio: Option<String>,
    pub years_experience: Option<i32>,
    /// The price of a session, if it is stated.
    pub consultation_rate: Option<BigDecimal>,
    /// The languages of sessions.
    pub languages: Vec<String>,
    /// The address of a photo.
    pub profile_image_url: Option<String>,
}

/// A professional.
#[derive(Debug, Clone)]
pub struct Professional {
    pub id: Uuid,
    /// The user account, if there is one.
    pub user_id: Option<Uuid>,
    /// The professional's own statements.
    pub profile: Profile,
    /// Whether the credentials are verified.
    pub verification_status: VerificationStatus,
    /// The mean of the ratings, or none before the first.
    pub rating_average: Option<BigDecimal>,
    /// The number of completed sessions.
    pub total_consultations: i32,
    /// Whether sessions can be booked now.
    pub is_available: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The user who asks for a professional.
#[derive(Debug, Clone, Copy)]
pub struct Viewer {
    pub user: Uuid,
    /// Whether the user is an operator, who verifies credentials.
    pub is_operator: bool,
}

impl Viewer {
    /// Returns the account of a professional that this user creates. Operators create professionals without an account, other users create
    /// themselves.
    pub fn new_account(self) -> Option<Uuid> {
        (!self.is_operator).then_some(self.user)
    }

    /// Returns the account of a professional if it is the viewer's own or the viewer is an operator.
    pub fn account_of(self, professional: &Professional) -> Option<Uuid> {
        professional.user_id.filter(|account| self.is_operator || *account == self.user)
    }
}

/// Converts the mean of ratings from 1 to 5 as stored, where 0 means that there are none.
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
    fn only_the_professional_and_operators_see_the_account() {
        let [own, other] = [1, 2].map(Uuid::from_u128);
        let user = Viewer { user: own, is_operator: false };
        let operator = Viewer { user: own, is_operator: true };
        assert_eq!(user.account_of(&professional(Some(own))), Some(own));
        assert_eq!(user.account_of(&professional(Some(other))), None);
        assert_eq!(operator.account_of(&professional(Some(other))), Some(other));
        assert_eq!(operator.account_of(&professional(None)), None);
        assert_eq!((user.new_account(), operator.new_account()), (Some(own), None));
    }

    #[test]
    fn a_stored_mean_of_zero_is_no_rating() {
        assert_eq!(rating(BigDecimal::new(0.into(), 2)), None);
        assert_eq!(rating(BigDecimal::new(100.into(), 2)), Some(BigDecimal::from(1)));
    }
}
