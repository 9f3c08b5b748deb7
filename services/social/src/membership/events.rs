//! Events of the family slice, and their effects.

use orchard_db::{Connection, Failure};
use orchard_events::{Handler, NotApplied};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, Refused, read};
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
        let joined: pb::MemberJoined = payload.to_msg().map_err(|error| error.to_string())?;
        let mut fields = Fields::default();
        let plan = fields.read("family_plan_id", read::uuid(&joined.family_plan_id));
        let user = fields.read("user_id", read::uuid(&joined.user_id));
        let role = fields.read("role", read_role(joined.role));
        let read = || -> Result<_, Refused> { Ok(Event::Joined { plan: plan?, user: user?, role: role? }) };
        fields.finish(read).map_err(|violations| violations.to_string())
    }

    async fn prepare(connection: &mut Connection, events: &[&Event]) -> Result<(), Failure> {
        let users = events.iter().map(|Event::Joined { user, .. }| *user).collect();
        Ok(profile::store::enrol_all(connection, users).await?)
    }

    async fn apply(connection: &mut Connection, event: &Event) -> Result<(), NotApplied> {
        let Event::Joined { plan, user, role } = event;
        Ok(store::join(connection, *plan, *user, *role).await?)
    }
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
    use prost::Name as _;
    use uuid::Uuid;

    fn joined(user_id: &str, role: pb::MemberRole) -> Any {
        let plan = Uuid::from_u128(1).to_string();
        let joined = pb::MemberJoined { family_plan_id: plan, user_id: user_id.to_owned(), role: role.into() };
        Any::from_msg(&joined).expect("an event")
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
