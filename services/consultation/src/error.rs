//! The slice's error type.

use orchard_db::Domain;
use orchard_proto::consultation::v1::ErrorReason;

/// Why a call to this slice fails.
pub type Error = orchard_db::Error<Consultation>;

/// The errors of this slice.
#[derive(Debug)]
pub struct Consultation;

impl Domain for Consultation {
    type Reason = ErrorReason;
    const NAME: &'static str = "orchard.consultation";
    const USER_ERASED: ErrorReason = ErrorReason::UserErased;
    const USER_REFERENCES: &'static [&'static str] = &[
        "consultation_sessions_booked_by_fkey",
        "consultation_sessions_user_id_fkey",
        "health_professionals_entered_by_fkey",
        "health_professionals_user_id_fkey",
        "session_payments_user_id_fkey",
        "time_claims_held_by_fkey",
        "time_claims_user_id_fkey",
    ];
}
