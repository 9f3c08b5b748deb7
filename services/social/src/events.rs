//! Events of other services, and their effects here.

mod family;

use std::collections::BTreeSet;

use orchard_db::{Connection, Failure};
use orchard_events::{Handler, NotApplied};
use orchard_proto::{consultation, recipe};
use orchard_rpc::{Fields, read};
use orchard_server::Clock;
use prost_types::Any;
use uuid::Uuid;

pub use family::FamilyEvent;

use crate::error::Error;
use crate::referrals::redemption::{self, RedemptionAnswer};
use crate::rewards::achievement::{self, Accomplishment};
use crate::rewards::award::Awards;
use crate::roll;

/// Applies the events of other services.
#[derive(Debug)]
pub struct Events {
    awards: Awards,
    clock: Clock,
}

impl Events {
    /// Gives `awards` for accomplishments, by `clock`.
    pub fn new(awards: Awards, clock: Clock) -> Self {
        Self { awards, clock }
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something happened in a family.
    Family(FamilyEvent),
    /// A user has done something that is awarded.
    Accomplished(Accomplishment),
    /// The family service has answered a redemption.
    Redemption(RedemptionAnswer),
}

impl Handler for Events {
    type Event = Event;

    fn read(&self, source: &str, payload: &Any) -> Result<Event, String> {
        read_event(source, payload)
    }

    /// Adds users who are not known yet, except those who were erased, and locks those whose rights or achievements change.
    async fn prepare(&self, connection: &mut Connection, events: &[&Event]) -> Result<(), Failure> {
        let (mut named, mut changed): (BTreeSet<Uuid>, BTreeSet<Uuid>) = Default::default();
        let mut redemptions = Vec::new();
        for event in events {
            match event {
                Event::Family(event) => {
                    named.extend(event.users());
                    changed.extend(event.affected());
                }
                Event::Accomplished(accomplishment) => {
                    named.insert(accomplishment.user());
                    changed.insert(accomplishment.user());
                }
                Event::Redemption(answer) => redemptions.push(answer.redemption),
            }
        }
        if !redemptions.is_empty() {
            changed.extend(redemption::users_of(connection, &redemptions).await?);
        }
        roll::enrol_all(connection, &named).await?;
        if !changed.is_empty() {
            roll::lock(connection, &changed).await?;
        }
        Ok(())
    }

    async fn apply(&self, connection: &mut Connection, event: &Event) -> Result<(), NotApplied> {
        match event {
            Event::Family(event) => Ok(event.apply(connection).await?),
            Event::Accomplished(accomplishment) => {
                let (user, award) = (accomplishment.user(), accomplishment.award());
                // Their rows may still be there, because the erasure waits.
                if roll::is_erased(connection, user).await? {
                    return Ok(());
                }
                applied(achievement::give(connection, &self.awards, user, &award).await)
            }
            Event::Redemption(answer) => applied(answer.apply(connection, &self.clock).await),
        }
    }
}

/// Returns why an event was not applied.
fn applied(result: Result<(), Error>) -> Result<(), NotApplied> {
    match result {
        Ok(()) => Ok(()),
        Err(error) => Err(NotApplied::Refused(error.refused()?.to_string())),
    }
}

fn read_event(source: &str, payload: &Any) -> Result<Event, String> {
    match (source, payload.type_url.rsplit('/').next()) {
        ("family", _) => match RedemptionAnswer::read(payload) {
            Some(answer) => answer.map(Event::Redemption),
            None => family::read(payload).map(Event::Family),
        },
        ("recipe", Some("orchard.recipe.v1.RecipeFeatured")) => recipe_featured(payload).map(Event::Accomplished),
        ("consultation", Some("orchard.consultation.v1.SessionCompleted")) => session_completed(payload).map(Event::Accomplished),
        _ => Err(format!("events {} of {source} are not handled", payload.type_url)),
    }
}

fn recipe_featured(payload: &Any) -> Result<Accomplishment, String> {
    let featured: recipe::v1::RecipeFeatured = payload.to_msg().map_err(|error| error.to_string())?;
    let (user, recipe) = user_and("recipe_id", &featured.user_id, &featured.recipe_id)?;
    Ok(Accomplishment::RecipeFeatured { user, recipe })
}

fn session_completed(payload: &Any) -> Result<Accomplishment, String> {
    let completed: consultation::v1::SessionCompleted = payload.to_msg().map_err(|error| error.to_string())?;
    let (user, session) = user_and("session_id", &completed.user_id, &completed.session_id)?;
    Ok(Accomplishment::SessionCompleted { user, session })
}

fn user_and(name: &str, user: &str, entity: &str) -> Result<(Uuid, Uuid), String> {
    let mut fields = Fields::default();
    let user = fields.read("user_id", read::uuid(user));
    let entity = fields.read(name, read::uuid(entity));
    fields.finish(|| Ok((user?, entity?))).map_err(|violations| violations.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_only_from_the_service_that_publishes_it() {
        let [user, id] = [1, 2].map(Uuid::from_u128);
        let featured = recipe::v1::RecipeFeatured { recipe_id: id.to_string(), user_id: user.to_string() };
        let featured = Any::from_msg(&featured).expect("an event");
        let completed = consultation::v1::SessionCompleted { session_id: id.to_string(), user_id: user.to_string() };
        let completed = Any::from_msg(&completed).expect("an event");
        let accomplished = |accomplishment| Ok(Event::Accomplished(accomplishment));
        let expected = accomplished(Accomplishment::RecipeFeatured { user, recipe: id });
        assert_eq!(read_event("recipe", &featured), expected);
        let expected = accomplished(Accomplishment::SessionCompleted { user, session: id });
        assert_eq!(read_event("consultation", &completed), expected);
        for (source, payload) in
            [("family", &featured), ("consultation", &featured), ("recipe", &completed), ("edge", &completed)]
        {
            assert!(read_event(source, payload).is_err(), "{source}");
        }
        let empty = Any::from_msg(&recipe::v1::RecipeFeatured::default()).expect("an event");
        assert!(read_event("recipe", &empty).is_err());
    }
}
