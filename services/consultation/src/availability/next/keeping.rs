//! Keeping the next slot of each professional for the directory.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::{find, store as kept};
use crate::availability::{Range, minutes, store};

/// How old what is kept may become when nobody has a slot or writes: the range of days in which one is looked for moves on.
const WITHOUT_SLOT: TimeDelta = TimeDelta::minutes(4);
/// The same for those who have one. It would be for ever, if no other release wrote beside this one.
const WITH_SLOT: TimeDelta = TimeDelta::hours(1);

/// Finds the next slot of a professional, whose row is locked, and keeps it. Whatever changes a schedule or takes or frees time calls this at
/// the end of its transaction. `now` is the time of that.
pub(crate) async fn refresh_next_slot(
    connection: &mut AsyncPgConnection,
    professional: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let stored = store::schedule(connection, professional);
    let (stored, expiry) = tokio::try_join!(stored, kept::next_expiry(connection, professional))?;
    let Some(stored) = stored else {
        return kept::delete(connection, &[professional]).await.map(|_| ());
    };
    let schedule = stored.bookable(professional);
    let notice = schedule.as_ref().map_or(0, |schedule| schedule.limits.notice_minutes);
    let schedules = schedule.map(|schedule| (professional, schedule)).into_iter().collect();
    let next = find(connection, schedules, now).await?.remove(&professional);
    kept::upsert(connection, professional, next.map(|slot| slot.from), due_at(next, minutes(notice), expiry, now)).await
}

/// Returns when another slot may be the next one though nobody writes.
fn due_at(next: Option<Range>, notice: TimeDelta, expiry: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    let at_latest = now + if next.is_some() { WITH_SLOT } else { WITHOUT_SLOT };
    let not_offered = next.map(|slot| slot.from - notice);
    [not_offered, expiry].into_iter().flatten().fold(at_latest, DateTime::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_looked_for_again_when_it_is_not_offered_any_more_or_an_earlier_one_may_be_free() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("a moment");
        let at = |minutes| now + TimeDelta::minutes(minutes);
        let slot = |minutes| Some(Range { from: at(minutes), to: at(minutes + 30) });
        for (next, notice, expiry, due) in [
            (slot(50), 0, None, 50),
            (slot(50), 20, None, 30),
            (slot(50), 50, None, 0),
            (slot(50), 20, Some(at(5)), 5),
            (slot(50), 20, Some(at(45)), 30),
            (slot(5_000), 20, None, 60),
            (None, 20, None, 4),
            (None, 20, Some(at(3)), 3),
            (None, 20, Some(at(5)), 4),
        ] {
            assert_eq!(due_at(next, minutes(notice), expiry, now), at(due), "{next:?} {notice} {expiry:?}");
        }
    }
}
