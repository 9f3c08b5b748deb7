//! Every way in which a call to this slice can be refused, and what its caller is told.

use orchard_db::{Failure, UnitError};
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::{Refusal, Violations, reason_name};
use tonic::{Code, Status};

use crate::{hold, invitation, member, plan, wallet};

/// Domain of this slice's reasons.
pub const DOMAIN: &str = "orchard.family";

/// What refers to users, by the names of the foreign keys: none of them holds for one who is erased meanwhile.
pub const USER_REFERENCES: [&str; 11] = [
    "family_invitations_accepted_by_fkey",
    "family_invitations_invited_by_fkey",
    "family_invitations_invitee_user_id_fkey",
    "family_members_guardian_user_id_fkey",
    "family_members_user_id_fkey",
    "family_plans_billing_account_fkey",
    "family_plans_primary_account_holder_fkey",
    "family_plans_proposed_holder_fkey",
    "nutritional_intake_user_id_fkey",
    "wallet_entries_user_id_fkey",
    "wallet_holds_user_id_fkey",
];

/// A refused call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request.
    #[error("{0}")]
    Fields(#[from] Violations),
    /// No such plan for this caller.
    #[error("no such plan")]
    PlanNotFound,
    /// No such member of the plan.
    #[error("no such member")]
    MemberNotFound,
    /// No such invitation for this caller.
    #[error("no such invitation")]
    InvitationNotFound,
    /// No such intake of this caller.
    #[error("no such intake")]
    IntakeNotFound,
    /// The service has no such hold.
    #[error("no such hold")]
    HoldNotFound,
    /// The service's reference names something else.
    #[error("the reference was used for something else")]
    ReferenceReused,
    /// Nothing is held of whoever was erased.
    #[error("the user was erased")]
    UserErased,
    /// By a rule of plans.
    #[error(transparent)]
    Plan(#[from] plan::Refused),
    /// By a rule of members.
    #[error(transparent)]
    Member(#[from] member::Refused),
    /// By a rule of invitations.
    #[error(transparent)]
    Invitation(#[from] invitation::Refused),
    /// By a rule of holds.
    #[error(transparent)]
    Hold(#[from] hold::Refused),
    /// By a rule of the wallet.
    #[error(transparent)]
    Wallet(#[from] wallet::Refused),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Failure),
}

impl UnitError for Error {
    fn failure(&self) -> Option<&Failure> {
        if let Self::Database(failure) = self { Some(failure) } else { None }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        match Failure::from(error) {
            Failure::Constraint { name, .. } if name == "family_invitations_pending_key" => member::Refused::AlreadyMember.into(),
            Failure::Constraint { name, .. } if USER_REFERENCES.contains(&name.as_str()) => Self::UserErased,
            other => other.into(),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason_name(reason.as_str_name()), &message);
        let refusal = match error {
            Error::UserErased => refuse(Code::FailedPrecondition, ErrorReason::UserErased),
            Error::Fields(violations) => violations.into(),
            Error::Database(failure) => failure.into_refusal(),
            Error::PlanNotFound => refuse(Code::NotFound, ErrorReason::PlanNotFound),
            Error::MemberNotFound => refuse(Code::NotFound, ErrorReason::MemberNotFound),
            Error::InvitationNotFound => refuse(Code::NotFound, ErrorReason::InvitationNotFound),
            Error::IntakeNotFound => refuse(Code::NotFound, ErrorReason::IntakeNotFound),
            Error::HoldNotFound => refuse(Code::NotFound, ErrorReason::HoldNotFound),
            Error::Hold(hold::Refused::Ended) => refuse(Code::FailedPrecondition, ErrorReason::HoldEnded),
            Error::Hold(hold::Refused::CaptureExceedsHold { amount }) => {
                refuse(Code::FailedPrecondition, ErrorReason::CaptureExceedsHold).with("amount", format!("{amount:.2}"))
            }
            Error::Hold(hold::Refused::RefundExceedsCapture { refundable }) => {
                refuse(Code::FailedPrecondition, ErrorReason::RefundExceedsCapture).with("refundable", format!("{refundable:.2}"))
            }
            Error::Wallet(wallet::Refused::DailyLimitReached { remaining }) => {
                refuse(Code::FailedPrecondition, ErrorReason::DailyLimitReached).with("remaining", format!("{remaining:.2}"))
            }
            Error::ReferenceReused => refuse(Code::AlreadyExists, ErrorReason::ReferenceReused),
            Error::Plan(plan::Refused::Inactive) => refuse(Code::FailedPrecondition, ErrorReason::PlanInactive),
            Error::Plan(plan::Refused::Full { max_members }) => {
                refuse(Code::FailedPrecondition, ErrorReason::PlanFull).with("max_members", max_members)
            }
            Error::Plan(plan::Refused::SeatsTaken { active_members }) => {
                refuse(Code::FailedPrecondition, ErrorReason::SeatsTaken).with("active_members", active_members)
            }
            Error::Plan(plan::Refused::DayIsLimited) => refuse(Code::PermissionDenied, ErrorReason::RoleNotPermitted),
            Error::Plan(plan::Refused::SeatsAreBought) => refuse(Code::PermissionDenied, ErrorReason::SeatsAreBought),
            Error::Plan(plan::Refused::NotAnAdmin) => refuse(Code::FailedPrecondition, ErrorReason::NotAnAdmin),
            Error::Plan(plan::Refused::NotOffered) => refuse(Code::FailedPrecondition, ErrorReason::PlanNotOffered),
            Error::Member(member::Refused::HolderMustTransfer) => {
                refuse(Code::FailedPrecondition, ErrorReason::HolderMustTransfer)
            }
            Error::Member(member::Refused::ConsentRequired) => refuse(Code::FailedPrecondition, ErrorReason::ConsentRequired),
            Error::Member(member::Refused::Banned) => refuse(Code::FailedPrecondition, ErrorReason::MemberBanned),
            Error::Member(member::Refused::AlreadyMember) => refuse(Code::AlreadyExists, ErrorReason::AlreadyMember),
            Error::Member(member::Refused::RoleNotPermitted) => refuse(Code::PermissionDenied, ErrorReason::RoleNotPermitted),
            Error::Invitation(invitation::Refused::Expired) => refuse(Code::FailedPrecondition, ErrorReason::InvitationExpired),
            Error::Invitation(invitation::Refused::NotPending) => {
                refuse(Code::FailedPrecondition, ErrorReason::InvitationNotPending)
            }
            Error::Invitation(invitation::Refused::TooMany) => {
                refuse(Code::FailedPrecondition, ErrorReason::InvitationLimitReached)
                    .with("max_pending", invitation::MOST_PENDING)
            }
            Error::Wallet(wallet::Refused::SpendingNotPermitted) => {
                refuse(Code::PermissionDenied, ErrorReason::SpendingNotPermitted)
            }
            Error::Wallet(wallet::Refused::InsufficientFunds { shortfall }) => {
                refuse(Code::FailedPrecondition, ErrorReason::InsufficientFunds).with("shortfall", format!("{shortfall:.2}"))
            }
            Error::Wallet(wallet::Refused::BalanceLimitReached) => {
                refuse(Code::FailedPrecondition, ErrorReason::BalanceLimitReached)
            }
        };
        refusal.into_status(DOMAIN)
    }
}
