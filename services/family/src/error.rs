//! The slice's error type.

use orchard_db::Domain;
use orchard_proto::family::v1::ErrorReason;

/// Why a call to this slice fails.
pub type Error = orchard_db::Error<Family>;

/// The errors of this slice.
#[derive(Debug)]
pub struct Family;

impl Domain for Family {
    type Reason = ErrorReason;
    const NAME: &'static str = "orchard.family";
    const USER_ERASED: ErrorReason = ErrorReason::UserErased;
    const USER_REFERENCES: &'static [&'static str] = &[
        "children_guardian_user_id_fkey",
        "children_user_id_fkey",
        "family_invitations_accepted_by_fkey",
        "family_invitations_invited_by_fkey",
        "family_invitations_invitee_user_id_fkey",
        "family_members_guardian_user_id_fkey",
        "family_members_user_id_fkey",
        "family_plans_billing_account_fkey",
        "family_plans_primary_account_holder_fkey",
        "family_plans_proposed_holder_fkey",
        "invitation_declines_invitee_user_id_fkey",
        "invitation_declines_inviter_user_id_fkey",
        "nutritional_intake_user_id_fkey",
        "user_blocks_blocked_user_id_fkey",
        "user_blocks_blocker_user_id_fkey",
        "wallet_entries_user_id_fkey",
        "wallet_holds_user_id_fkey",
    ];
}
