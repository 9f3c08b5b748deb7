//! How sessions end: completed, cancelled, or the client did not come.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use bigdecimal::BigDecimal;
use diesel_async::AsyncPgConnection;
use orchard_db::{Connection, Db, moment};
use orchard_events::Outbox;
use orchard_privacy::roll;
use uuid::Uuid;

use super::store::{self, Found};
use super::{CancelledBy, PaymentStatus, Session, SessionError, SessionStatus, Side, Verb, events};
use crate::availability::refresh_next_slot;
use crate::claim::store as claims;
use crate::error::Error;
use crate::payment::{Share, settle};
use crate::professional::Viewer;

/// How long the call that cancels a session has to give the refund, before workers do.
const PATIENCE: Duration = Duration::from_secs(10);

/// Cancels a session, and frees its time.
pub(super) async fn cancel(db: &Db, outbox: &Outbox, id: Uuid, caller: Viewer, reason: Option<String>) -> Result<Found, Error> {
    let outbox = outbox.clone();
    db.write("cancel session", async move |connection: &mut Connection| {
        let Found { session, side, professional_account, .. } = lock(connection, id, caller).await?;
        let now = moment(connection).await?;
        let (verb, by, share) = match side {
            Side::Client => (Verb::Cancel, CancelledBy::Client, session.client_share(now)),
            Side::Professional => (Verb::CallOff, CancelledBy::Professional, Share::Full),
            Side::Operator => (Verb::CallOff, CancelledBy::Operator, Share::Full),
            Side::Ward => return Err(SessionError::NotClient.into()),
        };
        if verb.after(session.status, session.start, now)? != session.status {
            cancel_locked(connection, &outbox, (&session, professional_account), (by, reason.as_deref())).await?;
            settle(connection, &[(id, refund(&session, share))], PATIENCE).await?;
        }
        find(connection, id, caller).await
    })
    .await
}

/// Cancels a session that is locked, after its professional, and frees its time.
pub(super) async fn cancel_locked(
    connection: &mut Connection,
    outbox: &Outbox,
    (session, professional_account): (&Session, Option<Uuid>),
    (by, reason): (CancelledBy, Option<&str>),
) -> Result<(), Error> {
    let sequence = store::cancel(connection, session.id, by, reason).await?;
    claims::delete(connection, &[session.id]).await?;
    let now = moment(connection).await?;
    refresh_next_slot(connection, session.professional, now).await?;
    store::set_followed_up(connection, session.follow_up_of.as_slice(), false).await?;
    let event = events::cancelled(session, professional_account, by, None);
    Ok(outbox.publish(connection, session.id, sequence, &event).await?)
}

/// Returns this part of the price of a session.
fn refund(session: &Session, share: Share) -> BigDecimal {
    session.cost.as_ref().map(|cost| share.of(cost)).unwrap_or_default()
}

/// Says that a session took place.
pub(super) async fn complete(db: &Db, outbox: &Outbox, id: Uuid, caller: Viewer) -> Result<Found, Error> {
    let outbox = outbox.clone();
    db.write("complete session", async move |connection: &mut Connection| {
        let Found { session, side, .. } = lock(connection, id, caller).await?;
        side.check_professional()?;
        complete_locked(connection, &outbox, &session).await?;
        find(connection, id, caller).await
    })
    .await
}

/// Completes a session that is locked, after its professional.
async fn complete_locked(connection: &mut Connection, outbox: &Outbox, session: &Session) -> Result<(), Error> {
    if Verb::Complete.after(session.status, session.start, moment(connection).await?)? != session.status {
        check_paid(session)?;
        let sequence = store::complete(connection, session).await?;
        // A pseudonym has no achievements, and no other service may know it.
        if !roll::is_pseudonym(connection, session.client).await? {
            events::publish_completed(connection, outbox, session, sequence).await?;
        }
    }
    Ok(())
}

fn check_paid(session: &Session) -> Result<(), SessionError> {
    if session.payment_status == PaymentStatus::Pending { Err(SessionError::Unpaid) } else { Ok(()) }
}

/// Completes a session that nobody said anything about, unless somebody has in the meantime.
pub(super) async fn complete_by_itself(db: &Db, outbox: &Outbox, due: &Session) -> Result<(), Error> {
    let (outbox, id, professional) = (outbox.clone(), due.id, due.professional);
    db.write("complete session by itself", async move |connection: &mut Connection| {
        store::lock_professional(connection, professional).await?;
        let session = store::lock_row(connection, id).await?;
        let is_due = session.status == SessionStatus::Scheduled && session.payment_status != PaymentStatus::Pending;
        if is_due { complete_locked(connection, &outbox, &session).await } else { Ok(()) }
    })
    .await
}

/// Says that the client did not come.
pub(super) async fn mark_no_show(db: &Db, id: Uuid, caller: Viewer) -> Result<Found, Error> {
    db.write("mark no-show", async move |connection: &mut Connection| {
        let Found { session, side, .. } = lock(connection, id, caller).await?;
        side.check_professional()?;
        let status = Verb::MarkNoShow.after(session.status, session.start, moment(connection).await?)?;
        if status != session.status {
            check_paid(&session)?;
            store::mark_no_show(connection, id).await?;
        }
        find(connection, id, caller).await
    })
    .await
}

/// Cancels the sessions to come with professionals, and those of a user who is being erased, and frees their time. The professionals of the
/// sessions are locked. Returns how many there were.
pub(crate) async fn cancel_to_come(
    connection: &mut Connection,
    outbox: &Outbox,
    professionals: &[Uuid],
    erased: Option<Uuid>,
) -> Result<usize, Error> {
    let cancelled = store::cancel_to_come(connection, professionals, erased).await?;
    let ids: Vec<Uuid> = cancelled.iter().map(|(session, _)| session.id).collect();
    claims::delete(connection, &ids).await?;
    let followed_up: Vec<Uuid> = cancelled.iter().filter_map(|(session, _)| session.follow_up_of).collect();
    store::set_followed_up(connection, &followed_up, false).await?;
    let now = moment(connection).await?;
    let share = |session: &Session| match professionals.contains(&session.professional) {
        true => Share::Full,
        // By the erasure of the client, or of the guardian who booked.
        false => session.client_share(now),
    };
    let refunds: Vec<_> = cancelled.iter().map(|(session, _)| (session.id, refund(session, share(session)))).collect();
    settle(connection, &refunds, Duration::ZERO).await?;
    let professionals: BTreeSet<Uuid> = cancelled.iter().map(|(session, _)| session.professional).collect();
    for professional in &professionals {
        refresh_next_slot(connection, *professional, now).await?;
    }
    tell_cancelled(connection, outbox, &cancelled, erased).await?;
    Ok(cancelled.len())
}

/// Tells once more of cancellations, by the numbers of their events, without the user who is being erased.
pub(crate) async fn tell_again(
    connection: &mut Connection,
    outbox: &Outbox,
    cancellations: BTreeMap<Uuid, i64>,
    erased: Uuid,
) -> Result<(), Error> {
    let sessions = store::sessions(connection, cancellations.keys().copied()).await?;
    let told =
        sessions.into_iter().filter_map(|session| cancellations.get(&session.id).copied().map(|sequence| (session, sequence)));
    let told: Vec<(Session, i64)> = told.collect();
    tell_cancelled(connection, outbox, &told, Some(erased)).await
}

async fn tell_cancelled(
    connection: &mut Connection,
    outbox: &Outbox,
    cancelled: &[(Session, i64)],
    erased: Option<Uuid>,
) -> Result<(), Error> {
    let professionals: BTreeSet<Uuid> = cancelled.iter().map(|(session, _)| session.professional).collect();
    let accounts: HashMap<Uuid, Option<Uuid>> = store::accounts(connection, professionals).await?.into_iter().collect();
    let event = |session: &Session| {
        let account = accounts.get(&session.professional).copied().flatten();
        events::cancelled(session, account, session.cancelled_by.unwrap_or(CancelledBy::Service), erased)
    };
    let told: Vec<_> = cancelled.iter().map(|(session, sequence)| (session.id, *sequence, event(session))).collect();
    let told: Vec<_> = told.iter().map(|(id, sequence, event)| (*id, *sequence, event)).collect();
    Ok(outbox.publish_all(connection, &told).await?)
}

/// Returns a session that the caller has a part in.
pub(crate) async fn find(connection: &AsyncPgConnection, id: Uuid, caller: Viewer) -> Result<Found, Error> {
    Ok(store::find(connection, id, caller).await?.ok_or(SessionError::NotFound)?)
}

/// Locks a session that the caller has a part in, after its professional.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, id: Uuid, caller: Viewer) -> Result<Found, Error> {
    Ok(store::lock(connection, id, caller).await?.ok_or(SessionError::NotFound)?)
}
