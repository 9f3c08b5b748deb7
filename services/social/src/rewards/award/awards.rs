//! Giving awards.

use diesel::QueryResult;
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_rpc::Currency;
use uuid::Uuid;

use super::{Award, store, wire};
use crate::notification;

/// The sequence number of the event of an achievement, which is its own aggregate and has no other event.
const SEQUENCE: i64 = 1;

/// Gives awards, and publishes an event for each.
#[derive(Debug, Clone)]
pub struct Awards {
    outbox: Outbox,
    currency: Currency,
}

impl Awards {
    /// Publishes events to `outbox`, with credits in `currency`.
    pub fn new(outbox: Outbox, currency: Currency) -> Self {
        Self { outbox, currency }
    }

    /// Gives a user an award, unless they have it, and returns whether they did not. The user must be locked.
    pub(crate) async fn give(&self, connection: &mut Connection, user: Uuid, award: &Award) -> QueryResult<bool> {
        Ok(self.give_all(connection, &[(user, award.clone())]).await? > 0)
    }

    /// Gives awards to users, as [`give`](Self::give) does, and returns how many of them were new.
    ///
    /// The event of a new award is published even if the user does not want to be notified: it says which channels they want.
    pub(crate) async fn give_all(&self, connection: &mut Connection, all: &[(Uuid, Award)]) -> QueryResult<usize> {
        let given = store::insert(connection, all).await?;
        let users: Vec<Uuid> = given.iter().map(|(_, user, _)| *user).collect();
        let preferences = notification::store::get_all(connection, &users).await?;
        let event = |(id, user, award): &(Uuid, Uuid, &Award)| {
            let preferences = preferences.get(user).copied().unwrap_or_default();
            let notify = preferences.notify(award.achievement_type.topic());
            (*id, wire::awarded(*id, *user, award, notify, &self.currency))
        };
        let events: Vec<_> = given.iter().map(event).collect();
        let events: Vec<_> = events.iter().map(|(id, event)| (*id, SEQUENCE, event)).collect();
        self.outbox.publish_all(connection, &events).await?;
        Ok(given.len())
    }
}
