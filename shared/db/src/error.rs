//! The error type that every slice shares: a call is refused by a rule, or the database fails.

use std::marker::PhantomData;

use orchard_rpc::{Reason, Refusal, Violations};
use tonic::{Code, Status};

use crate::failure::Failure;
use crate::unit::UnitError;

/// What tells the errors of one slice from those of another.
pub trait Domain: Send + Sync + 'static {
    /// The `ErrorReason` of the slice's package.
    type Reason: Reason;
    /// The domain of its reasons, such as `orchard.family`.
    const NAME: &'static str;
    /// The reason for refusing to store anything about a user who was erased.
    const USER_ERASED: Self::Reason;
    /// Names of the foreign keys to `users`. A row that violates one names a user who was erased in the meantime.
    const USER_REFERENCES: &'static [&'static str];
}

/// A rule that refuses calls. Each module implements it for its own enum, beside the functions that refuse.
pub trait Rule: std::error::Error {
    /// Returns the code, the reason and the metadata that the caller receives.
    fn refusal(&self) -> Refusal;
}

/// Why a call to a slice fails.
pub struct Error<D> {
    cause: Cause,
    domain: PhantomData<fn() -> D>,
}

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("{0}")]
    Refused(Box<Refusal>),
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl<D: Domain> Error<D> {
    /// Returns the error for anything that names a user who was erased.
    pub fn user_erased() -> Self {
        Refusal::new(Code::FailedPrecondition, D::USER_ERASED, "the user was erased").into()
    }

    /// Returns a function that maps a violation of `constraint` to `rule`, and any other error of a query as `From` does.
    pub fn on(constraint: &str, rule: impl Rule) -> impl FnOnce(diesel::result::Error) -> Self {
        move |error| match Failure::from(error) {
            Failure::Constraint { name, .. } if name == constraint => rule.into(),
            failure => failure.into(),
        }
    }

    /// Changes the refusal, unless the database failed.
    #[must_use]
    pub fn map_refusal(self, change: impl FnOnce(Refusal) -> Refusal) -> Self {
        match self.refused() {
            Ok(refusal) => change(refusal).into(),
            Err(failure) => failure.into(),
        }
    }

    /// Returns whether the database failed as a whole, so that another unit of work would fail too.
    pub fn is_outage(&self) -> bool {
        matches!(&self.cause, Cause::Failed(failure) if failure.is_outage())
    }

    /// Returns the refusal, or the failure of the database.
    pub fn refused(self) -> Result<Refusal, Failure> {
        match self.cause {
            Cause::Refused(refusal) => Ok(*refusal),
            Cause::Failed(failure) => Err(failure),
        }
    }
}

impl<D> std::fmt::Debug for Error<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cause.fmt(f)
    }
}

impl<D> std::fmt::Display for Error<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cause.fmt(f)
    }
}

impl<D> std::error::Error for Error<D> {}

impl<D: Domain> UnitError for Error<D> {
    fn failure(&self) -> Option<&Failure> {
        if let Cause::Failed(failure) = &self.cause { Some(failure) } else { None }
    }
}

impl<D> From<Refusal> for Error<D> {
    fn from(refusal: Refusal) -> Self {
        Self { cause: Cause::Refused(Box::new(refusal)), domain: PhantomData }
    }
}

impl<D, R: Rule> From<R> for Error<D> {
    fn from(rule: R) -> Self {
        rule.refusal().into()
    }
}

impl<D> From<Violations> for Error<D> {
    fn from(violations: Violations) -> Self {
        Refusal::from(violations).into()
    }
}

impl<D: Domain> From<Failure> for Error<D> {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Constraint { name, .. } if D::USER_REFERENCES.contains(&name.as_str()) => Self::user_erased(),
            failure => Self { cause: failure.into(), domain: PhantomData },
        }
    }
}

impl<D: Domain> From<diesel::result::Error> for Error<D> {
    fn from(error: diesel::result::Error) -> Self {
        Failure::from(error).into()
    }
}

impl<D: Domain> From<Error<D>> for Status {
    fn from(error: Error<D>) -> Self {
        error.refused().unwrap_or_else(Failure::into_refusal).into_status(D::NAME)
    }
}
