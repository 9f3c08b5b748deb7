//! Deciding about a professional.

use orchard_db::{Connection, Db};
use orchard_events::Outbox;

use super::Decision;
use super::effects;
use super::wire::Asked;
use crate::error::Error;
use crate::professional::{Professional, ProfessionalError, Viewer, store};

/// Carries out a decision of an operator, and returns the professional.
pub(super) async fn decide(db: &Db, outbox: &Outbox, asked: Asked, operator: Viewer) -> Result<Professional, Error> {
    let outbox = outbox.clone();
    db.write("decide about professional", async move |connection: &mut Connection| {
        let Asked { id, decision, note, version } = asked;
        let before = store::lock_managed(connection, id, operator).await?.ok_or(ProfessionalError::NotFound)?;
        if before.is_of(operator.user) {
            return Err(ProfessionalError::Own.into());
        }
        let status = decision.after(before.verification_status)?;
        let is_made = match decision {
            Decision::Reject => before.rejected_version == Some(before.version) && note == before.verification_note,
            Decision::Verify | Decision::Suspend | Decision::Restore => status == before.verification_status,
        };
        // A repeated request is answered as the first one was, also when what it decided about has changed since.
        if !is_made {
            if version.is_some_and(|version| version != before.version) {
                return Err(ProfessionalError::Changed.into());
            }
            let rejected = (decision == Decision::Reject).then_some(before.version);
            store::set_status(connection, id, status, note.as_deref(), rejected).await?;
            effects::follow(connection, &outbox, (id, before.user_id), decision).await?;
        }
        Ok(store::find_visible(connection, id, operator).await?.ok_or(ProfessionalError::NotFound)?)
    })
    .await
}
