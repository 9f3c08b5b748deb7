//! Awards: what is given to a user, others are told of.

use diesel::QueryResult;
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_rpc::Currency;
use uuid::Uuid;

use super::{Award, store, wire};
use crate::notification;

/// An achievement is an aggregate of its own, and this is all that happens to it.
const ONLY: i64 = 1;

/// Gives awards, and has others told of each.
#[derive(Debug, Clone)]
pub struct Awards {
    outbox: Outbox,
    currency: Currency,
}

impl Awards {
    /// Has those told who are named in `outbox`, of credits in `currency`.
    pub fn new(outbox: Outbox, currency: Currency) -> Self {
        Self { outbox, currency }
    }

    /// Gives a user, who is known and locked, an award, unless they have it; says whether they had not. Only then others are told, whatever
    /// the user wants to be notified of: that is part of what they are told.
    pub(crate) async fn make(&self, connection: &mut Connection, user: Uuid, award: &Award) -> QueryResult<bool> {
        Ok(!self.make_all(connection, &[(user, award.clone())]).await?.is_empty())
    }

    /// Interim.
    pub(crate) async fn give_all(&self, connection: &mut Connection, all: &[(Uuid, Award)]) -> QueryResult<Vec<usize>> {
        self.make_all(connection, all).await
    }

    /// The same for many at once; the places of those that were given.
    pub(crate) async fn make_all(&self, connection: &mut Connection, all: &[(Uuid, Award)]) -> QueryResult<Vec<usize>> {
        let given = store::award(connection, all).await?;
        let users: Vec<Uuid> = given.iter().map(|(place, _)| all[*place].0).collect();
        let preferences = notification::store::get_all(connection, &users).await?;
        let mut events = Vec::with_capacity(given.len());
        for (place, id) in &given {
            let (user, award) = &all[*place];
            let wanted = preferences.get(user).cloned().unwrap_or_default();
            let notify = wanted.notify(award.achievement_type.topic());
            events.push((*id, wire::awarded(*id, *user, award, notify, &self.currency)));
        }
        let events: Vec<_> = events.iter().map(|(id, event)| (*id, ONLY, event)).collect();
        self.outbox.publish_all(connection, &events).await?;
        Ok(given.into_iter().map(|(place, _)| place).collect())
    }
}
