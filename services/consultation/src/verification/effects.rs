//! What follows from a decision about a professional.

use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_proto::consultation::v1 as pb;
use uuid::Uuid;

use super::Decision;
use crate::claim::store::release_all;
use crate::error::Error;
use crate::professional::store::next_event;
use crate::session::ending::cancel_to_come;

/// Tells of a decision about a professional, who is locked. A suspension ends holds, and cancels the sessions to come.
pub(super) async fn follow(
    connection: &mut Connection,
    outbox: &Outbox,
    (id, account): (Uuid, Option<Uuid>),
    decision: Decision,
) -> Result<(), Error> {
    let professional_id = id.to_string();
    let user_id = account.map(|user| user.to_string()).unwrap_or_default();
    match decision {
        Decision::Reject => {}
        Decision::Verify | Decision::Restore => {
            let sequence = next_event(connection, id).await?;
            outbox.publish(connection, id, sequence, &pb::ProfessionalVerified { professional_id, user_id }).await?;
        }
        Decision::Suspend => {
            let sequence = next_event(connection, id).await?;
            outbox.publish(connection, id, sequence, &pb::ProfessionalSuspended { professional_id, user_id }).await?;
            release_all(connection, id).await?;
            cancel_to_come(connection, outbox, &[id], None).await?;
        }
    }
    Ok(())
}
