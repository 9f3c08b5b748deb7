//! Cancels sessions that nobody has paid in time.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics::{Unit, counter, describe_counter};
use orchard_db::{Connection, Db, moment};
use orchard_events::Outbox;
use uuid::Uuid;

use super::ending::cancel_locked;
use super::{CancelledBy, Session, store};
use crate::error::Error;
use crate::payment::{self, abandon};

/// Attempts to cancel a session that failed.
const FAILURES: &str = "orchard_unpaid_session_failures_total";
/// Sessions that are read at once.
const BATCH: i64 = 100;

/// Cancels unpaid sessions, when it is first polled and then in each period.
pub(crate) async fn cancel_unpaid_forever(db: &Db, outbox: &Outbox, period: Duration) -> Infallible {
    describe_counter!(FAILURES, Unit::Count, "Attempts to cancel a session that nobody has paid that failed.");
    let mut ticks = tokio::time::interval(period);
    loop {
        ticks.tick().await;
        // The next sweep retries.
        if let Err(cause) = sweep(db, outbox).await {
            tracing::warn!(%cause, "cannot look for unpaid sessions");
        }
    }
}

async fn sweep(db: &Db, outbox: &Outbox) -> Result<(), Error> {
    let mut after = (DateTime::<Utc>::UNIX_EPOCH, Uuid::nil());
    loop {
        let sessions = store::due::unpaid(&*db.read().await?, after, BATCH).await?;
        let Some(last) = sessions.last() else { return Ok(()) };
        after = (last.payment_due_at.unwrap_or_default(), last.id);
        for session in &sessions {
            // A session that fails does not stop the others.
            if let Err(cause) = cancel(db, outbox, session).await {
                counter!(FAILURES).increment(1);
                tracing::warn!(%cause, session_id = %session.id, "cannot cancel an unpaid session");
            }
        }
    }
}

/// Cancels a session, unless it is paid meanwhile, or its payment is decided.
async fn cancel(db: &Db, outbox: &Outbox, due: &Session) -> Result<(), Error> {
    let (outbox, id, professional) = (outbox.clone(), due.id, due.professional);
    db.write("cancel unpaid session", async move |connection: &mut Connection| {
        store::lock_professional(connection, professional).await?;
        let session = store::lock_row(connection, id).await?;
        let now = moment(connection).await?;
        if session.due().is_none_or(|due| due > now) {
            return Ok(());
        }
        if let Some(payment) = payment::store::of_sessions(connection, &[id]).await?.first()
            && !abandon(connection, payment.id).await?
        {
            return Ok(());
        }
        let accounts = store::accounts(connection, [professional]).await?;
        let account = accounts.first().and_then(|(_, account)| *account);
        cancel_locked(connection, &outbox, (&session, account), (CancelledBy::Service, None)).await
    })
    .await
}
