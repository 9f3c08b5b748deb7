//! Booking sessions and their follow-ups.

use bigdecimal::Zero as _;
use orchard_db::idempotency::Key;
use orchard_db::{Connection, Db, Rule as _, moment};
use orchard_events::Outbox;
use orchard_privacy::roll;
use orchard_proto::consultation::v1::ErrorReason;
use uuid::Uuid;

use super::store::{self, NewSession, Terms};
use super::{BookingError, MAX_SESSIONS, PAYABLE_FOR, Party, Slot, slot};
use crate::availability::Taken;
use crate::claim::{ClaimError, store as claims};
use crate::error::Error;
use crate::professional::Viewer;
use crate::session::ending::{find, lock};
use crate::session::store::{Found, set_followed_up};
use crate::session::{PaymentStatus, SessionError, SessionType, Verb, next_reminder, publish_booked};

/// A session to book.
#[derive(Debug, Clone)]
pub(super) struct Booking {
    pub(super) key: Key,
    pub(super) party: Party,
    pub(super) slot: Slot,
    pub(super) session_type: SessionType,
    /// The session that it follows up.
    pub(super) follow_up_of: Option<Uuid>,
}

/// Books a session, unless the request is a repeated one.
pub(super) async fn book(db: &Db, outbox: &Outbox, booking: Booking, caller: Viewer) -> Result<Found, Error> {
    let outbox = outbox.clone();
    db.write("book session", async move |connection: &mut Connection| {
        let (id, is_new) = booking.key.claim_id(connection).await?;
        if is_new {
            let made = make(connection, &outbox, id, &booking, caller).await;
            made.map_err(|refused| if booking.party.includes(caller.user) { refused } else { discreet(refused) })?;
        }
        find(connection, id, caller).await
    })
    .await
}

async fn make(connection: &mut Connection, outbox: &Outbox, id: Uuid, booking: &Booking, caller: Viewer) -> Result<(), Error> {
    // The caller stays on the roll until the key is written, also a professional, whom no row of the session names.
    roll::enrol_or(connection, caller.user, Error::user_erased).await?;
    let terms = slot::lock(connection, booking.party, booking.slot.professional).await?;
    if let Some(followed_up) = booking.follow_up_of {
        follow_up(connection, followed_up, caller).await?;
    }
    insert(connection, id, booking, &terms, caller).await?;
    let session = find(connection, id, caller).await?.session;
    Ok(publish_booked(connection, outbox, &session, terms.account).await?)
}

/// Replaces a refusal that tells a professional of other sessions of the client, or of the client's family.
fn discreet(refused: Error) -> Error {
    refused.map_refusal(|refusal| {
        if refusal.is(ErrorReason::ClientBusy) || refusal.is(ErrorReason::TooManySessions) {
            ClaimError::SlotTaken.refusal()
        } else if refusal.is(ErrorReason::GuardianRequired) || refusal.is(ErrorReason::NotGuardian) {
            SessionError::NotClient.refusal()
        } else {
            refusal
        }
    })
}

/// Checks that a session can be followed up, and says that it is. It comes before any look at the client's time.
async fn follow_up(connection: &mut Connection, id: Uuid, caller: Viewer) -> Result<(), Error> {
    let session = lock(connection, id, caller).await?.session;
    if session.follow_up_scheduled {
        return Err(SessionError::FollowUpScheduled.into());
    }
    Verb::FollowUp.after(session.status, session.start, moment(connection).await?)?;
    Ok(set_followed_up(connection, &[id], true).await?)
}

async fn insert(connection: &mut Connection, id: Uuid, booking: &Booking, terms: &Terms, caller: Viewer) -> Result<(), Error> {
    let Booking { party, slot: wanted, .. } = booking;
    if store::count_future(connection, party.client).await? >= MAX_SESSIONS {
        return Err(BookingError::TooManySessions.into());
    }
    // A professional takes nothing away that the client holds.
    let hold = match party.includes(caller.user) {
        true => slot::own_hold(connection, terms.professional, party.client, wanted.start).await?,
        false => None,
    };
    let (start, end) = match hold {
        // What a client holds is theirs, whatever the schedule says meanwhile.
        Some(hold) => {
            slot::same_price(&hold.price, &wanted.price)?;
            if !claims::make_session(connection, hold.id, id).await? {
                return Err(ClaimError::SlotTaken.into());
            }
            (hold.start, hold.end)
        }
        None => {
            terms.check_price(&wanted.price)?;
            let Taken { start, end, .. } = slot::take(connection, terms, (id, party.client, None), wanted.start).await?;
            (start, end)
        }
    };
    let now = moment(connection).await?;
    let is_free = wanted.price.is_zero();
    let new = NewSession {
        id,
        client: party.client,
        booked_by: Some(party.booked_by).filter(|by| *by != party.client),
        professional: terms.professional,
        start,
        end,
        session_type: booking.session_type,
        cost: &wanted.price,
        // What is free is paid when it is booked.
        payment_status: if is_free { PaymentStatus::Paid } else { PaymentStatus::Pending },
        payment_due_at: (!is_free).then(|| (now + PAYABLE_FOR).min(start)),
        next_reminder_at: next_reminder(start, now),
        follow_up_of: booking.follow_up_of,
    };
    store::insert(connection, new).await
}
