//! Events of the family slice, and their effects.

use orchard_db::{Connection, Failure};
use orchard_events::{Handler, NotApplied};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, Refused, read};
use prost::{Message, Name};
use prost_types::Any;

use super::{Event, Role, store};
use crate::profile;

/// What this slice does with events of others.
#[derive(Debug)]
pub struct Events;

impl Handler for Events {
    type Event = Event;

    fn read(source: &str, payload: &Any) -> Result<Event, String> {
        if source != "family" {
            return Err(format!("events of {source} mean nothing here"));
        }
        let mut fields = Fields::default();
        let event = match payload.type_url.rsplit('/').next() {
            Some("orchard.family.v1.MemberJoined") => {
                let joined: pb::MemberJoined = message(payload)?;
                self::joined(&mut fields, &joined.family_plan_id, &joined.user_id, joined.role)
            }
            Some("orchard.family.v1.RoleChanged") => {
                let changed: pb::RoleChanged = message(payload)?;
                self::joined(&mut fields, &changed.family_plan_id, &changed.user_id, changed.role)
            }
            Some("orchard.family.v1.MemberLeft") => {
                let left: pb::MemberLeft = message(payload)?;
                let plan = fields.read("family_plan_id", read::uuid(&left.family_plan_id));
                let user = fields.read("user_id", read::uuid(&left.user_id));
                plan.and_then(|plan| Ok(Event::Left { plan, user: user? }))
            }
            Some("orchard.family.v1.PlanClosed") => {
                let closed: pb::PlanClosed = message(payload)?;
                fields.read("family_plan_id", read::uuid(&closed.family_plan_id)).map(|plan| Event::Closed { plan })
            }
            Some(_) | None => return Err(format!("{} means nothing here", payload.type_url)),
        };
        fields.finish(|| event).map_err(|violations| violations.to_string())
    }

    async fn prepare(connection: &mut Connection, events: &[&Event]) -> Result<(), Failure> {
        let joined = |event: &&Event| match event {
            Event::Joined { user, .. } => Some(*user),
            Event::Left { .. } | Event::Closed { .. } => None,
        };
        Ok(profile::store::enrol_all(connection, events.iter().filter_map(joined).collect()).await?)
    }

    async fn apply(connection: &mut Connection, event: &Event) -> Result<(), NotApplied> {
        match event {
            Event::Joined { plan, user, role } => store::join(connection, *plan, *user, *role).await?,
            Event::Left { plan, user } => store::leave(connection, *plan, *user).await?,
            Event::Closed { plan } => store::close(connection, *plan).await?,
        }
        Ok(())
    }
}

fn message<M: Message + Name + Default>(payload: &Any) -> Result<M, String> {
    payload.to_msg().map_err(|error| error.to_string())
}

fn joined(fields: &mut Fields, plan: &str, user: &str, role: i32) -> Result<Event, Refused> {
    let plan = fields.read("family_plan_id", read::uuid(plan));
    let user = fields.read("user_id", read::uuid(user));
    let role = fields.read("role", read_role(role));
    Ok(Event::Joined { plan: plan?, user: user?, role: role? })
}

fn read_role(value: i32) -> Result<Role, String> {
    match read::enumeration(value)? {
        pb::MemberRole::Admin => Ok(Role::Admin),
        pb::MemberRole::Member => Ok(Role::Member),
        pb::MemberRole::Child => Ok(Role::Child),
        pb::MemberRole::Guest => Ok(Role::Guest),
        pb::MemberRole::Unspecified => Err("is required".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn joined(user_id: &str, role: pb::MemberRole) -> Any {
        let plan = Uuid::from_u128(1).to_string();
        let joined = pb::MemberJoined { family_plan_id: plan, user_id: user_id.to_owned(), role: role.into() };
        Any::from_msg(&joined).expect("an event")
    }

    #[test]
    fn each_event_is_read() {
        let (plan, user) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (family_plan_id, user_id) = (plan.to_string(), user.to_string());
        let read = |event: Result<Any, _>| Events::read("family", &event.expect("an event"));
        let role = pb::MemberRole::Guest.into();
        let changed = pb::RoleChanged { family_plan_id: family_plan_id.clone(), user_id: user_id.clone(), role };
        assert_eq!(read(Any::from_msg(&changed)), Ok(Event::Joined { plan, user, role: Role::Guest }));
        let left = pb::MemberLeft { family_plan_id: family_plan_id.clone(), user_id };
        assert_eq!(read(Any::from_msg(&left)), Ok(Event::Left { plan, user }));
        assert_eq!(read(Any::from_msg(&pb::PlanClosed { family_plan_id })), Ok(Event::Closed { plan }));
        assert!(read(Any::from_msg(&pb::PlanClosed::default())).is_err());
    }

    #[test]
    fn only_what_the_family_slice_tells_is_read() {
        let (plan, user) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let good = joined(&user.to_string(), pb::MemberRole::Child);
        assert_eq!(good.type_url, pb::MemberJoined::type_url());
        assert_eq!(Events::read("family", &good), Ok(Event::Joined { plan, user, role: Role::Child }));
        assert!(Events::read("recipe", &good).is_err());
        assert!(Events::read("family", &joined("bob", pb::MemberRole::Child)).is_err());
        assert!(Events::read("family", &joined(&user.to_string(), pb::MemberRole::Unspecified)).is_err());
        assert!(
            Events::read("family", &Any { type_url: "type.googleapis.com/orchard.family.v1.Other".to_owned(), ..good }).is_err()
        );
    }
}
