//! Events of the social service, and their effects here.

use orchard_db::{Connection, Failure};
use orchard_events::{Handler, NotApplied, Outbox};
use orchard_rpc::Currency;
use prost_types::Any;

use crate::blocks::BlockChange;
use crate::credits::Redeemed;
use crate::plan::store::lock_all;

/// Applies the events of the social service.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) outbox: Outbox,
    pub(crate) currency: Currency,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A user has blocked another, or does not block them any more.
    Block(BlockChange),
    /// A user has redeemed credits.
    Redeemed(Redeemed),
}

impl Handler for Events {
    type Event = Event;

    fn read(&self, source: &str, payload: &Any) -> Result<Event, String> {
        read(source, payload, &self.currency)
    }

    async fn prepare(&self, connection: &mut Connection, events: &[&Event]) -> Result<(), Failure> {
        let plans = events.iter().filter_map(|event| match event {
            Event::Redeemed(redeemed) => Some(redeemed.plan()),
            Event::Block(_) => None,
        });
        // In the order of their ids, so that transactions that deposit into the same ones do not deadlock.
        Ok(lock_all(connection, plans.collect()).await?)
    }

    async fn apply(&self, connection: &mut Connection, event: &Event) -> Result<(), NotApplied> {
        match event {
            Event::Block(change) => change.apply(connection).await,
            Event::Redeemed(redeemed) => redeemed.apply(connection, &self.outbox).await,
        }
    }
}

fn read(source: &str, payload: &Any, currency: &Currency) -> Result<Event, String> {
    match (source, payload.type_url.rsplit('/').next()) {
        ("social", Some("orchard.social.v1.CreditsRedeemed")) => Redeemed::read(payload, currency).map(Event::Redeemed),
        ("social", _) => BlockChange::read(payload).map(Event::Block),
        _ => Err(format!("events {} of {source} are not handled", payload.type_url)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchard_proto::social::v1::{CreditsRedeemed, UserBlocked};

    #[test]
    fn events_are_read_from_the_social_service_only() {
        let currency: Currency = "EUR".parse().expect("a currency");
        let id = uuid::Uuid::from_u128(1).to_string();
        let blocked = UserBlocked { blocker_user_id: id.clone(), blocked_user_id: id.clone() };
        let amount = Some(currency.to_wire(&1.into()));
        let redeemed = CreditsRedeemed { redemption_id: id.clone(), user_id: id.clone(), family_plan_id: id.clone(), amount };
        for payload in [Any::from_msg(&blocked), Any::from_msg(&redeemed)] {
            let payload = payload.expect("an event");
            assert!(read("social", &payload, &currency).is_ok(), "{}", payload.type_url);
            assert!(read("recipe", &payload, &currency).is_err(), "{}", payload.type_url);
        }
    }
}
