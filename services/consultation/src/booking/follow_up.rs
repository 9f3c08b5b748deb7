//! Booking a session that follows up another.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_client::Upstream;
use orchard_db::Db;
use orchard_db::idempotency::Key;
use orchard_events::Outbox;
use uuid::Uuid;

use super::session::{Booking, book};
use super::{Party, Slot};
use crate::error::Error;
use crate::professional::Viewer;
use crate::session::ending::find;
use crate::session::store::Found;
use crate::session::{SessionError, SessionType, Side};

/// A follow-up to book.
#[derive(Debug, Clone)]
pub(super) struct FollowUp {
    pub(super) key: Key,
    /// The session that it follows up.
    pub(super) of: Uuid,
    pub(super) start: DateTime<Utc>,
    pub(super) session_type: SessionType,
    /// The price that the caller has seen.
    pub(super) price: BigDecimal,
}

/// Books a session of the same two, for whom the same one answers.
pub(super) async fn book_follow_up(
    db: &Db,
    (family, outbox): (&Upstream, &Outbox),
    wanted: FollowUp,
    caller: Viewer,
) -> Result<Found, Error> {
    let followed_up = find(&*db.read().await?, wanted.of, caller).await?;
    if followed_up.side == Side::Ward {
        return Err(SessionError::NotClient.into());
    }
    let session = followed_up.session;
    let party = Party::ask(family, session.client, session.booked_by.unwrap_or(session.client)).await;
    let slot = Slot { professional: session.professional, start: wanted.start, price: wanted.price };
    let booking = Booking { key: wanted.key, party, slot, session_type: wanted.session_type, follow_up_of: Some(wanted.of) };
    book(db, outbox, booking, caller).await
}
