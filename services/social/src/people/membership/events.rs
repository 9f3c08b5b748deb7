//! Events of the family slice, as sent, and their effects.

use std::collections::BTreeSet;

use diesel::QueryResult;
use orchard_db::Connection;
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};
use prost::{Message, Name};
use prost_types::Any;
use uuid::Uuid;

use super::{Added, Event, Role, store};
use crate::board_copies;
use crate::people::friendship;
use crate::roll;

/// Reads an event of the family slice.
pub(crate) fn read(payload: &Any) -> Result<Event, String> {
    let mut fields = Fields::default();
    let event = match payload.type_url.rsplit('/').next() {
        Some("orchard.family.v1.MemberJoined") => joined(&mut fields, &message(payload)?),
        Some("orchard.family.v1.RoleChanged") => role_changed(&mut fields, &message(payload)?),
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

impl Event {
    /// Those of whom it says something that needs them to be known.
    pub(crate) fn newcomers(&self) -> impl Iterator<Item = Uuid> {
        let (user, guardian) = match self {
            Self::Joined { user, added, .. } => (Some(*user), added.and_then(|added| added.guardian)),
            Self::RoleChanged { .. } | Self::Left { .. } | Self::Closed { .. } => (None, None),
        };
        user.into_iter().chain(guardian)
    }

    /// Who is a child from now on, and so makes friends by requests no more.
    pub(crate) fn child(&self) -> Option<Uuid> {
        match self {
            Self::Joined { user, role: Role::Child, .. } | Self::RoleChanged { user, role: Role::Child, .. } => Some(*user),
            Self::Joined { .. } | Self::RoleChanged { .. } | Self::Left { .. } | Self::Closed { .. } => None,
        }
    }

    /// Those who may be a child from now on, or none any more: how they are seen changes with it.
    pub(crate) async fn grown(&self, connection: &mut Connection) -> QueryResult<BTreeSet<Uuid>> {
        match self {
            Self::Joined { user, role: Role::Child, .. } | Self::RoleChanged { user, .. } | Self::Left { user, .. } => {
                Ok(BTreeSet::from([*user]))
            }
            Self::Joined { .. } => Ok(BTreeSet::new()),
            Self::Closed { plan } => store::children_of(connection, *plan).await,
        }
    }

    /// Has its effect. Of who was erased meanwhile there is none.
    pub(crate) async fn apply(&self, connection: &mut Connection) -> QueryResult<()> {
        let grown = self.grown(connection).await?;
        self.write(connection).await?;
        board_copies::refresh(connection, &grown).await
    }

    async fn write(&self, connection: &mut Connection) -> QueryResult<()> {
        match self {
            Self::Joined { plan, user, role, added } => {
                let added = match added {
                    Some(Added { guardian: Some(guardian) }) if !roll::is_known(connection, *guardian).await? => {
                        Some(Added { guardian: None })
                    }
                    other => *other,
                };
                store::join(connection, *plan, *user, *role, added).await?;
            }
            Self::RoleChanged { plan, user, role } => store::set_role(connection, *plan, *user, *role).await?,
            Self::Left { plan, user } => store::leave(connection, *plan, *user).await?,
            Self::Closed { plan } => store::close(connection, *plan).await?,
        }
        match self.child() {
            // A request that could not be answered would say why.
            Some(child) => friendship::store::drop_requests(connection, child).await,
            None => Ok(()),
        }
    }
}

fn message<M: Message + Name + Default>(payload: &Any) -> Result<M, String> {
    payload.to_msg().map_err(|error| error.to_string())
}

fn joined(fields: &mut Fields, joined: &pb::MemberJoined) -> Result<Event, Invalid> {
    let plan = fields.read("family_plan_id", read::uuid(&joined.family_plan_id));
    let user = fields.read("user_id", read::uuid(&joined.user_id));
    let role = fields.read("role", read_role(joined.role));
    let guardian = fields.read("guardian_user_id", read::optional_uuid(&joined.guardian_user_id))?;
    let added = joined.was_added.then_some(Added { guardian });
    Ok(Event::Joined { plan: plan?, user: user?, role: role?, added })
}

fn role_changed(fields: &mut Fields, changed: &pb::RoleChanged) -> Result<Event, Invalid> {
    let plan = fields.read("family_plan_id", read::uuid(&changed.family_plan_id));
    let user = fields.read("user_id", read::uuid(&changed.user_id));
    let role = fields.read("role", read_role(changed.role));
    Ok(Event::RoleChanged { plan: plan?, user: user?, role: role? })
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

    fn joined(user_id: &str, role: pb::MemberRole) -> Any {
        let plan = Uuid::from_u128(1).to_string();
        let joined = pb::MemberJoined {
            family_plan_id: plan,
            user_id: user_id.to_owned(),
            role: role.into(),
            ..pb::MemberJoined::default()
        };
        Any::from_msg(&joined).expect("an event")
    }

    #[test]
    fn each_event_is_read() {
        let (plan, user, guardian) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let (family_plan_id, user_id) = (plan.to_string(), user.to_string());
        let told = |event: Result<Any, _>| read(&event.expect("an event"));
        let role = pb::MemberRole::Guest.into();
        let changed = pb::RoleChanged { family_plan_id: family_plan_id.clone(), user_id: user_id.clone(), role };
        assert_eq!(told(Any::from_msg(&changed)), Ok(Event::RoleChanged { plan, user, role: Role::Guest }));
        let left = pb::MemberLeft { family_plan_id: family_plan_id.clone(), user_id: user_id.clone() };
        assert_eq!(told(Any::from_msg(&left)), Ok(Event::Left { plan, user }));
        let child = pb::MemberJoined {
            family_plan_id: family_plan_id.clone(),
            user_id,
            role: pb::MemberRole::Child.into(),
            guardian_user_id: guardian.to_string(),
            was_added: true,
        };
        let added = Some(Added { guardian: Some(guardian) });
        assert_eq!(told(Any::from_msg(&child)), Ok(Event::Joined { plan, user, role: Role::Child, added }));
        assert_eq!(told(Any::from_msg(&pb::PlanClosed { family_plan_id })), Ok(Event::Closed { plan }));
        assert!(told(Any::from_msg(&pb::PlanClosed::default())).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let (plan, user) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let good = joined(&user.to_string(), pb::MemberRole::Child);
        assert_eq!(good.type_url, pb::MemberJoined::type_url());
        assert_eq!(read(&good), Ok(Event::Joined { plan, user, role: Role::Child, added: None }));
        assert!(read(&joined("bob", pb::MemberRole::Child)).is_err());
        assert!(read(&joined(&user.to_string(), pb::MemberRole::Unspecified)).is_err());
        assert!(read(&Any { type_url: "type.googleapis.com/orchard.family.v1.Other".to_owned(), ..good }).is_err());
    }
}
