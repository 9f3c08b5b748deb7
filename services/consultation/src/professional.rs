//! Health professionals, whom users may consult.

mod api;
mod document;
mod editing;
pub(crate) mod etag;
pub(crate) mod store;
pub(crate) mod wire;

use std::sync::LazyLock;

use bigdecimal::{BigDecimal, Zero as _};
use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_proto::google::r#type::Money;
use orchard_rpc::{Currency, Refusal};
use orchard_server::{Caller, CallerError, Role};
use strum::{EnumString, IntoStaticStr};
use tonic::{Code, Request};
use uuid::Uuid;

pub use document::{Document, DocumentKind};
pub(crate) use editing::{find, find_managed, lock_managed};

/// The highest rate of a session: 999,999.99.
pub static MAX_RATE: LazyLock<BigDecimal> = LazyLock::new(|| BigDecimal::new(99_999_999.into(), 2));

/// Reads a price that a caller has seen.
pub(crate) fn read_price(price: Option<Money>, currency: &Currency) -> Result<BigDecimal, String> {
    currency.optional(price, &MAX_RATE)?.ok_or_else(|| "is required".to_owned())
}

/// Why a call about a professional is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfessionalError {
    /// There is no such professional, or the caller may not see them.
    #[error("no such professional")]
    NotFound,
    /// The caller has applied before, with another `request_id`.
    #[error("the caller has applied before")]
    AlreadyApplied,
    /// The caller is another user.
    #[error("the caller is not the professional")]
    NotProfessional,
    /// The professional was changed since the caller read them.
    #[error("the professional was changed; read them again")]
    Changed,
    /// Operators have verified what would be changed.
    #[error("only an operator changes what was verified")]
    VerifiedField,
    /// The caller is the professional, or has entered them, so others must decide.
    #[error("the professional is the caller, or was entered by the caller")]
    Own,
    /// The decision is not made about professionals in this status.
    #[error("the professional is {}", <&str>::from(.0))]
    WrongStatus(VerificationStatus),
}

impl Rule for ProfessionalError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::ProfessionalNotFound),
            Self::AlreadyApplied => refuse(Code::AlreadyExists, ErrorReason::AlreadyApplied),
            Self::NotProfessional => refuse(Code::PermissionDenied, ErrorReason::NotProfessional),
            Self::Changed => refuse(Code::Aborted, ErrorReason::ProfessionalChanged),
            Self::VerifiedField => refuse(Code::FailedPrecondition, ErrorReason::VerifiedField),
            Self::Own => refuse(Code::FailedPrecondition, ErrorReason::OwnProfessional),
            Self::WrongStatus(status) => refuse(Code::FailedPrecondition, ErrorReason::WrongVerificationStatus)
                .with("verification_status", <&str>::from(status)),
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
#[derive(Debug, Clone, PartialEq)]
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
    /// Whether sessions can be booked now.
    pub is_available: bool,
}

/// A professional.
#[derive(Debug, Clone)]
pub struct Professional {
    pub id: Uuid,
    /// The user account, if there is one.
    pub user_id: Option<Uuid>,
    /// The professional's own statements.
    pub profile: Profile,
    /// Grows with each change of the profile or the documents.
    pub version: i64,
    /// Whether the credentials are verified.
    pub verification_status: VerificationStatus,
    /// Why an operator last rejected or suspended the professional.
    pub verification_note: Option<String>,
    /// The mean of the ratings, or none before the first.
    pub rating_average: Option<BigDecimal>,
    /// The number of completed sessions.
    pub total_consultations: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Professional {
    /// Returns the professional's position in lists that have the oldest first.
    pub fn oldest_first(&self) -> (DateTime<Utc>, Uuid) {
        (self.created_at, self.id)
    }
}

/// The user who asks for a professional.
#[derive(Debug, Clone, Copy)]
pub struct Viewer {
    pub user: Uuid,
    /// Whether the user is an operator, who verifies credentials.
    pub is_operator: bool,
}

impl Viewer {
    /// Returns the user who sent a request.
    pub(crate) fn of<T>(request: &Request<T>) -> Result<Self, CallerError> {
        let user = Caller::user(request)?;
        Ok(Self { user: user.id, is_operator: user.is(Role::Operator) })
    }

    /// Returns the user who sent a request, without what they may do as an operator.
    pub(crate) fn without_roles<T>(request: &Request<T>) -> Result<Self, CallerError> {
        Ok(Self { is_operator: false, ..Self::of(request)? })
    }

    /// Returns the account of a professional that this user creates. Operators create professionals without an account, other users create
    /// themselves.
    pub fn new_account(self) -> Option<Uuid> {
        (!self.is_operator).then_some(self.user)
    }

    /// Returns the operator who enters a professional without an account.
    pub fn entering(self) -> Option<Uuid> {
        self.is_operator.then_some(self.user)
    }

    /// Returns whether the viewer is a professional or an operator, who see and change what others do not.
    pub fn manages(self, account: Option<Uuid>) -> bool {
        self.is_operator || account == Some(self.user)
    }
}

/// Converts the mean of ratings from 1 to 5 as stored, where 0 means that there are none.
pub fn rating(average: BigDecimal) -> Option<BigDecimal> {
    (!average.is_zero()).then_some(average)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_professional_and_operators_manage_an_entry() {
        let [own, other] = [1, 2].map(Uuid::from_u128);
        let user = Viewer { user: own, is_operator: false };
        let operator = Viewer { user: own, is_operator: true };
        assert!(user.manages(Some(own)) && !user.manages(Some(other)) && !user.manages(None));
        assert!(operator.manages(Some(other)) && operator.manages(None));
        assert_eq!((user.new_account(), operator.new_account()), (Some(own), None));
        assert_eq!((user.entering(), operator.entering()), (None, Some(own)));
    }

    #[test]
    fn a_stored_mean_of_zero_is_no_rating() {
        assert_eq!(rating(BigDecimal::new(0.into(), 2)), None);
        assert_eq!(rating(BigDecimal::new(100.into(), 2)), Some(BigDecimal::from(1)));
    }
}
