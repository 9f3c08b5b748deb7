//! What operators decide about professionals.

mod api;
mod deciding;
mod effects;
mod wire;

use crate::professional::{ProfessionalError, VerificationStatus};

/// A decision of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Verify,
    /// The credentials do not suffice; others may.
    Reject,
    Suspend,
    /// Ends a suspension.
    Restore,
}

impl Decision {
    /// Returns the status that follows.
    pub fn after(self, status: VerificationStatus) -> Result<VerificationStatus, ProfessionalError> {
        use VerificationStatus::{Pending, Suspended, Verified};
        match (self, status) {
            (Self::Verify, Pending | Verified) | (Self::Restore, Suspended | Verified) => Ok(Verified),
            (Self::Reject, Pending) => Ok(Pending),
            (Self::Suspend, Verified | Suspended) => Ok(Suspended),
            (Self::Verify, Suspended) | (Self::Reject, Verified | Suspended) | (Self::Suspend | Self::Restore, Pending) => {
                Err(ProfessionalError::WrongStatus(status))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_decision_has_one_outcome_for_each_status() {
        use Decision::{Reject, Restore, Suspend, Verify};
        use VerificationStatus::{Pending, Suspended, Verified};
        for (decision, outcomes) in [
            (Verify, [Some(Verified), Some(Verified), None]),
            (Reject, [Some(Pending), None, None]),
            (Suspend, [None, Some(Suspended), Some(Suspended)]),
            (Restore, [None, Some(Verified), Some(Verified)]),
        ] {
            let found = [Pending, Verified, Suspended].map(|status| decision.after(status).ok());
            assert_eq!(found, outcomes, "{decision:?}");
        }
    }
}
