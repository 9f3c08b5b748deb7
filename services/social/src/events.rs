//! What other slices tell, and what follows from it here.

use std::collections::BTreeSet;

use orchard_db::{Connection, Failure};
use orchard_events::{Handler, NotApplied};
use orchard_proto::{consultation, recipe};
use orchard_rpc::{Fields, read};
use prost_types::Any;
use uuid::Uuid;

use crate::people::membership;
use crate::rewards::achievement::{self, Awards, Feat};
use crate::roll;

/// What this slice does with events of others.
#[derive(Debug)]
pub struct Events {
    awards: Awards,
}

impl Events {
    /// Makes `awards` for what others tell of.
    pub fn new(awards: Awards) -> Self {
        Self { awards }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// In a family.
    Family(membership::Event),
    /// A user has done something for which there is an achievement.
    Feat(Feat),
}

impl Handler for Events {
    type Event = Event;

    fn read(&self, source: &str, payload: &Any) -> Result<Event, String> {
        read_event(source, payload)
    }

    /// Makes everyone known of whom something is told, but for those who were erased, and has those wait who would
    /// count for the same users, befriend those who are children now, or show them otherwise.
    async fn prepare(&self, connection: &mut Connection, events: &[&Event]) -> Result<(), Failure> {
        let (mut all, mut changed): (BTreeSet<Uuid>, BTreeSet<Uuid>) = Default::default();
        for event in events {
            match event {
                Event::Family(event) => {
                    all.extend(event.newcomers());
                    changed.extend(event.grown(connection).await?);
                }
                Event::Feat(feat) => {
                    all.insert(feat.user());
                    changed.insert(feat.user());
                }
            }
        }
        roll::enrol_all(connection, &all).await?;
        if !changed.is_empty() {
            roll::take_turns(connection, &changed).await?;
        }
        Ok(())
    }

    async fn apply(&self, connection: &mut Connection, event: &Event) -> Result<(), NotApplied> {
        match event {
            Event::Family(event) => Ok(event.apply(connection).await?),
            Event::Feat(feat) => match achievement::give(connection, &self.awards, feat.user(), &feat.award()).await {
                Ok(()) => Ok(()),
                Err(error) => Err(NotApplied::Refused(error.refused()?.to_string())),
            },
        }
    }
}

fn read_event(source: &str, payload: &Any) -> Result<Event, String> {
    match (source, payload.type_url.rsplit('/').next()) {
        ("family", _) => membership::read(payload).map(Event::Family),
        ("recipe", Some("orchard.recipe.v1.RecipeFeatured")) => recipe_featured(payload).map(Event::Feat),
        ("consultation", Some("orchard.consultation.v1.SessionCompleted")) => session_completed(payload).map(Event::Feat),
        _ => Err(format!("{} of {source} means nothing here", payload.type_url)),
    }
}

fn recipe_featured(payload: &Any) -> Result<Feat, String> {
    let featured: recipe::v1::RecipeFeatured = payload.to_msg().map_err(|error| error.to_string())?;
    let (user, recipe) = user_and("recipe_id", &featured.user_id, &featured.recipe_id)?;
    Ok(Feat::RecipeFeatured { user, recipe })
}

fn session_completed(payload: &Any) -> Result<Feat, String> {
    let completed: consultation::v1::SessionCompleted = payload.to_msg().map_err(|error| error.to_string())?;
    let (user, session) = user_and("session_id", &completed.user_id, &completed.session_id)?;
    Ok(Feat::SessionCompleted { user, session })
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
    fn each_slice_tells_of_its_own_alone() {
        let [user, thing] = [1, 2].map(Uuid::from_u128);
        let (user_id, id) = (user.to_string(), thing.to_string());
        let featured = recipe::v1::RecipeFeatured { recipe_id: id.clone(), user_id: user_id.clone() };
        let featured = Any::from_msg(&featured).expect("an event");
        let completed = consultation::v1::SessionCompleted { session_id: id, user_id };
        let completed = Any::from_msg(&completed).expect("an event");
        let feat = |feat| Ok(Event::Feat(feat));
        assert_eq!(read_event("recipe", &featured), feat(Feat::RecipeFeatured { user, recipe: thing }));
        assert_eq!(read_event("consultation", &completed), feat(Feat::SessionCompleted { user, session: thing }));
        for (source, payload) in
            [("family", &featured), ("consultation", &featured), ("recipe", &completed), ("edge", &completed)]
        {
            assert!(read_event(source, payload).is_err(), "{source}");
        }
        let empty = Any::from_msg(&recipe::v1::RecipeFeatured::default()).expect("an event");
        assert!(read_event("recipe", &empty).is_err());
    }
}
