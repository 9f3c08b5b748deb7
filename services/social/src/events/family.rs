//! Events of the family service.

use diesel::QueryResult;
use orchard_db::Connection;
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};
use prost::{Message, Name};
use prost_types::Any;
use uuid::Uuid;

use crate::people::friendship;
use crate::people::membership::{AddedChild, Role, store};
use crate::{board_copies, roll};

orchard_rpc::wire_enum!(Role <=> pb::MemberRole: Admin, Member, Child, Guest);

/// A change of a family's members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FamilyEvent {
    Joined {
        plan: Uuid,
        /// The new member.
        user: Uuid,
        role: Role,
        /// Set for a child whom an adult has added.
        added: Option<AddedChild>,
    },
    /// A member has another role.
    RoleChanged {
        plan: Uuid,
        /// The member.
        user: Uuid,
        role: Role,
    },
    /// A member left.
    Left {
        plan: Uuid,
        /// The former member.
        user: Uuid,
    },
    /// The plan was closed, so the family has no members.
    Closed { plan: Uuid },
    /// A user has become a child.
    Protected { user: Uuid },
    /// A user is no longer a child.
    Released { user: Uuid },
}

/// Reads an event.
pub(super) fn read(payload: &Any) -> Result<FamilyEvent, String> {
    let mut fields = Fields::default();
    let event = match payload.type_url.rsplit('/').next() {
        Some("orchard.family.v1.MemberJoined") => joined(&mut fields, &message(payload)?),
        Some("orchard.family.v1.RoleChanged") => role_changed(&mut fields, &message(payload)?),
        Some("orchard.family.v1.MemberLeft") => {
            let left: pb::MemberLeft = message(payload)?;
            let plan = fields.read("family_plan_id", read::uuid(&left.family_plan_id));
            let user = fields.read("user_id", read::uuid(&left.user_id));
            plan.and_then(|plan| Ok(FamilyEvent::Left { plan, user: user? }))
        }
        Some("orchard.family.v1.PlanClosed") => {
            let closed: pb::PlanClosed = message(payload)?;
            fields.read("family_plan_id", read::uuid(&closed.family_plan_id)).map(|plan| FamilyEvent::Closed { plan })
        }
        Some("orchard.family.v1.ChildProtected") => {
            let protected: pb::ChildProtected = message(payload)?;
            fields.read("user_id", read::uuid(&protected.user_id)).map(|user| FamilyEvent::Protected { user })
        }
        Some("orchard.family.v1.ChildReleased") => {
            let released: pb::ChildReleased = message(payload)?;
            fields.read("user_id", read::uuid(&released.user_id)).map(|user| FamilyEvent::Released { user })
        }
        Some(_) | None => return Err(format!("events {} of family are not handled", payload.type_url)),
    };
    fields.finish(|| event).map_err(|violations| violations.to_string())
}

impl FamilyEvent {
    /// Returns the users whom the event needs to be known.
    pub(super) fn users(&self) -> impl Iterator<Item = Uuid> {
        let (user, guardian) = match self {
            Self::Joined { user, added, .. } => (Some(*user), added.and_then(|added| added.guardian)),
            Self::Protected { user } => (Some(*user), None),
            Self::RoleChanged { .. } | Self::Left { .. } | Self::Closed { .. } | Self::Released { .. } => (None, None),
        };
        user.into_iter().chain(guardian)
    }

    /// Returns the user who becomes a child by the event, or ceases to be one: it changes who sees their profile.
    pub(super) fn affected(&self) -> Option<Uuid> {
        match self {
            Self::Protected { user } | Self::Released { user } => Some(*user),
            Self::Joined { .. } | Self::RoleChanged { .. } | Self::Left { .. } | Self::Closed { .. } => None,
        }
    }

    /// Applies the event. Users who were erased are skipped.
    pub(super) async fn apply(&self, connection: &mut Connection) -> QueryResult<()> {
        match self {
            Self::Joined { plan, user, role, added } => {
                let mut added = *added;
                if let Some(AddedChild { guardian: Some(guardian) }) = added
                    && !roll::is_known(connection, guardian).await?
                {
                    added = Some(AddedChild { guardian: None });
                }
                store::join(connection, *plan, *user, *role, added).await?;
            }
            Self::RoleChanged { plan, user, role } => store::set_role(connection, *plan, *user, *role).await?,
            Self::Left { plan, user } => store::leave(connection, *plan, *user).await?,
            Self::Closed { plan } => store::close(connection, *plan).await?,
            Self::Protected { user } => {
                store::protect(connection, *user).await?;
                // A child cannot accept requests. One that could not be accepted would reveal that the recipient is a child.
                friendship::store::delete_requests(connection, *user).await?;
            }
            Self::Released { user } => store::release(connection, *user).await?,
        }
        board_copies::refresh(connection, &self.affected().into_iter().collect()).await
    }
}

fn message<M: Message + Name + Default>(payload: &Any) -> Result<M, String> {
    payload.to_msg().map_err(|error| error.to_string())
}

fn joined(fields: &mut Fields, joined: &pb::MemberJoined) -> Result<FamilyEvent, Invalid> {
    let plan = fields.read("family_plan_id", read::uuid(&joined.family_plan_id));
    let user = fields.read("user_id", read::uuid(&joined.user_id));
    let role = fields.read("role", joined.role.try_into());
    let guardian = fields.read("guardian_user_id", read::optional_uuid(&joined.guardian_user_id))?;
    let added = joined.was_added.then_some(AddedChild { guardian });
    Ok(FamilyEvent::Joined { plan: plan?, user: user?, role: role?, added })
}

fn role_changed(fields: &mut Fields, changed: &pb::RoleChanged) -> Result<FamilyEvent, Invalid> {
    let plan = fields.read("family_plan_id", read::uuid(&changed.family_plan_id));
    let user = fields.read("user_id", read::uuid(&changed.user_id));
    let role = fields.read("role", changed.role.try_into());
    Ok(FamilyEvent::RoleChanged { plan: plan?, user: user?, role: role? })
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
        let read = |event: Result<Any, _>| super::read(&event.expect("an event"));
        let role = pb::MemberRole::Guest.into();
        let changed = pb::RoleChanged { family_plan_id: family_plan_id.clone(), user_id: user_id.clone(), role };
        assert_eq!(read(Any::from_msg(&changed)), Ok(FamilyEvent::RoleChanged { plan, user, role: Role::Guest }));
        let left = pb::MemberLeft { family_plan_id: family_plan_id.clone(), user_id: user_id.clone() };
        assert_eq!(read(Any::from_msg(&left)), Ok(FamilyEvent::Left { plan, user }));
        let child = pb::MemberJoined {
            family_plan_id: family_plan_id.clone(),
            user_id,
            role: pb::MemberRole::Child.into(),
            guardian_user_id: guardian.to_string(),
            was_added: true,
        };
        let added = Some(AddedChild { guardian: Some(guardian) });
        assert_eq!(read(Any::from_msg(&child)), Ok(FamilyEvent::Joined { plan, user, role: Role::Child, added }));
        assert_eq!(read(Any::from_msg(&pb::PlanClosed { family_plan_id })), Ok(FamilyEvent::Closed { plan }));
        assert!(read(Any::from_msg(&pb::PlanClosed::default())).is_err());
    }

    #[test]
    fn malformed_and_unknown_events_are_refused() {
        let (plan, user) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let good = joined(&user.to_string(), pb::MemberRole::Child);
        assert_eq!(good.type_url, pb::MemberJoined::type_url());
        assert_eq!(read(&good), Ok(FamilyEvent::Joined { plan, user, role: Role::Child, added: None }));
        assert!(read(&joined("bob", pb::MemberRole::Child)).is_err());
        assert!(read(&joined(&user.to_string(), pb::MemberRole::Unspecified)).is_err());
        assert!(read(&Any { type_url: "type.googleapis.com/orchard.family.v1.Other".to_owned(), ..good }).is_err());
    }
}
