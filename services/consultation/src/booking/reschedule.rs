//! Moving a session to another slot.

use chrono::{DateTime, Utc};
use orchard_db::{Connection, Db, moment};
use orchard_events::Outbox;
use uuid::Uuid;

use super::{payment_due, slot, store};
use crate::claim::store as claims;
use crate::error::Error;
use crate::professional::{ProfessionalError, Viewer};
use crate::session::ending::{find, lock};
use crate::session::store::{Found, Moved, reschedule};
use crate::session::{SessionError, Verb, next_reminder, publish_rescheduled};

/// A move of a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    pub(super) session: Uuid,
    /// The start that the caller has read.
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
}

/// Moves a session that begins at the time that the caller has read.
pub(super) async fn reschedule_session(db: &Db, outbox: &Outbox, wanted: Move, caller: Viewer) -> Result<Found, Error> {
    let outbox = outbox.clone();
    db.write("reschedule session", async move |connection: &mut Connection| {
        let seen = find(connection, wanted.session, caller).await?;
        seen.side.check_client()?;
        let (client, professional) = (seen.session.client, seen.session.professional);
        if !store::lock_client(connection, client).await? {
            // They were erased in the meantime.
            return Err(SessionError::NotFound.into());
        }
        let terms = store::lock_terms(connection, professional, [caller.user; 2]).await?.ok_or(ProfessionalError::NotFound)?;
        let Found { session, professional_account, .. } = lock(connection, wanted.session, caller).await?;
        if session.start != wanted.from {
            return Err(SessionError::Moved.into());
        }
        let now = moment(connection).await?;
        Verb::Reschedule.after(session.status, session.start, now)?;
        claims::expire(connection, professional, client).await?;
        // The session is not in its own way, and neither is what the client holds of the same professional.
        claims::delete(connection, &[session.id]).await?;
        claims::release_own(connection, professional, client).await?;
        let time = slot::take(connection, &terms, (session.id, client, None), wanted.to).await?;
        let moved = Moved {
            start: time.start,
            minutes: i32::try_from((time.end - time.start).num_minutes()).unwrap_or(i32::MAX),
            payment_due_at: session.payment_due_at.map(|_| payment_due(session.created_at, time.start)),
            refund_share: session.client_share(now),
            next_reminder_at: next_reminder(time.start, now),
        };
        let sequence = reschedule(connection, session.id, &moved).await?;
        publish_rescheduled(connection, &outbox, (&session, professional_account), (time.start, sequence)).await?;
        find(connection, session.id, caller).await
    })
    .await
}
