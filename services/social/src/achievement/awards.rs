//! Awards: what is given to a user, others are told of.

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
    pub(crate) async fn make(&self, connection: &mut Connection, user: Uuid, award: &Award) -> diesel::QueryResult<bool> {
        let Some(id) = store::award(connection, user, award).await? else {
            return Ok(false);
        };
        let preferences = notification::store::get(connection, user).await?.unwrap_or_default();
        let notify = preferences.notify(award.achievement_type.topic());
        let event = wire::awarded(id, user, award, notify, &self.currency);
        self.outbox.publish(connection, id, ONLY, &event).await?;
        Ok(true)
    }
}
