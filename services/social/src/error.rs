//! The slice's error type.

use orchard_db::Domain;
use orchard_proto::social::v1::ErrorReason;

/// Why a call to this slice fails.
pub type Error = orchard_db::Error<Social>;

/// The errors of this slice.
#[derive(Debug)]
pub struct Social;

impl Domain for Social {
    type Reason = ErrorReason;
    const NAME: &'static str = "orchard.social";
    const USER_ERASED: ErrorReason = ErrorReason::UserErased;
    const USER_REFERENCES: &'static [&'static str] = &[
        "achievement_milestones_user_id_fkey",
        "block_events_first_user_id_fkey",
        "block_events_second_user_id_fkey",
        "challenge_participants_user_id_fkey",
        "children_user_id_fkey",
        "community_challenges_created_by_fkey",
        "credit_entries_user_id_fkey",
        "family_memberships_guardian_user_id_fkey",
        "family_memberships_user_id_fkey",
        "fingerprints_user_id_fkey",
        "friend_request_declines_recipient_id_fkey",
        "friend_request_declines_sender_id_fkey",
        "friendships_first_user_id_fkey",
        "friendships_second_user_id_fkey",
        "notification_preferences_user_id_fkey",
        "orders_user_id_fkey",
        "redemptions_user_id_fkey",
        "referral_cases_claimant_id_fkey",
        "referral_cases_moderator_id_fkey",
        "referral_cases_referrer_id_fkey",
        "referral_code_misses_user_id_fkey",
        "referral_codes_user_id_fkey",
        "referrals_referee_id_fkey",
        "referrals_referrer_id_fkey",
        "social_achievements_user_id_fkey",
    ];
}
