//! Reminders of sessions that begin soon.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orchard_db::{Connection, Db, moment};
use orchard_events::Outbox;
use orchard_proto::consultation::v1::ReminderKind;
use uuid::Uuid;

use super::{PaymentStatus, Session, SessionStatus, events, store};
use crate::error::Error;

/// How long before the start each reminder is sent, the earliest first.
const LEADS: [(ReminderKind, TimeDelta); 2] =
    [(ReminderKind::DayBefore, TimeDelta::hours(24)), (ReminderKind::HourBefore, TimeDelta::hours(1))];
/// Sessions of one transaction.
const BATCH: i64 = 100;

/// Returns when the next reminder of a session is due. One whose time is past is never sent.
pub(crate) fn next_reminder(start: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    LEADS.iter().map(|(_, lead)| start - *lead).find(|due| *due > now)
}

/// Returns the reminder to send at a time: of those that are due, the one nearest to the start, and none after it.
fn due(start: DateTime<Utc>, now: DateTime<Utc>) -> Option<ReminderKind> {
    let due = LEADS.iter().rev().find(|(_, lead)| start - *lead <= now);
    due.filter(|_| now < start).map(|(kind, _)| *kind)
}

/// Sends the reminders that are due, when it is first polled and then in each period. Replicas may do so at the same time.
pub(crate) async fn remind_forever(db: &Db, outbox: &Outbox, period: Duration) -> Infallible {
    let mut ticks = tokio::time::interval(period);
    loop {
        ticks.tick().await;
        // The next sweep retries.
        if let Err(cause) = sweep(db, outbox).await {
            tracing::warn!(%cause, "cannot send reminders");
        }
    }
}

async fn sweep(db: &Db, outbox: &Outbox) -> Result<(), Error> {
    loop {
        let outbox = outbox.clone();
        let batch = async move |connection: &mut Connection| send_batch(connection, &outbox).await;
        if db.write("send reminders", batch).await? < BATCH {
            return Ok(());
        }
    }
}

/// Sends some of the reminders that are due, and returns how many sessions it has read.
async fn send_batch(connection: &mut Connection, outbox: &Outbox) -> Result<i64, Error> {
    let sessions = store::due::reminders(connection, BATCH).await?;
    let now = moment(connection).await?;
    let professionals = sessions.iter().map(|session| session.professional);
    let accounts: HashMap<Uuid, Option<Uuid>> = store::accounts(connection, professionals).await?.into_iter().collect();
    for session in &sessions {
        // What is unpaid waits until it is either paid or cancelled.
        let unpaid_until = session.due().filter(|due| *due > now);
        let next = unpaid_until.or_else(|| next_reminder(session.start, now));
        let kind = due(session.start, now).filter(|_| is_reminded_of(session));
        let sequence = store::due::set_reminder(connection, session.id, next, kind.is_some()).await?;
        if let Some(kind) = kind {
            let account = accounts.get(&session.professional).copied().flatten();
            outbox.publish(connection, session.id, sequence, &events::reminder(session, account, kind)).await?;
        }
    }
    Ok(i64::try_from(sessions.len()).unwrap_or(BATCH))
}

fn is_reminded_of(session: &Session) -> bool {
    session.status == SessionStatus::Scheduled && session.payment_status == PaymentStatus::Paid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reminder_has_its_time_and_only_the_nearest_is_sent_late() {
        use ReminderKind::{DayBefore, HourBefore};
        let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let [hour, micro] = [TimeDelta::hours(1), TimeDelta::microseconds(1)];
        let day = hour * 24;
        for (now, sent, next) in [
            (start - day - micro, None, Some(start - day)),
            (start - day, Some(DayBefore), Some(start - hour)),
            (start - hour - micro, Some(DayBefore), Some(start - hour)),
            (start - hour, Some(HourBefore), None),
            (start - micro, Some(HourBefore), None),
            (start, None, None),
        ] {
            assert_eq!((due(start, now), next_reminder(start, now)), (sent, next), "{now}");
        }
    }
}
