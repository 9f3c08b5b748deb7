//! Memberships in families, as the family slice tells of them. Who shares a family with somebody counts as their friend.

mod events;
pub(crate) mod store;

use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub(crate) use events::read;
pub(crate) use store::{is_a_child, is_answered_for_by, share_a_family};

/// What a user is in a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Runs the plan.
    Admin,
    /// An adult.
    Member,
    /// A child.
    Child,
    /// Somebody who looks in, and is no friend for it.
    Guest,
}

/// Of a child that was added to a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    /// Who answers for it, if anybody does.
    pub guardian: Option<Uuid>,
}

/// What happened in a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A user belongs to it from now on.
    Joined {
        /// The plan.
        plan: Uuid,
        /// Who.
        user: Uuid,
        /// As what.
        role: Role,
        /// Of a child that was added.
        added: Option<Added>,
    },
    /// A user who belongs to it is something else in it.
    RoleChanged {
        /// The plan.
        plan: Uuid,
        /// Who.
        user: Uuid,
        /// What.
        role: Role,
    },
    /// A user does not belong to it any more.
    Left {
        /// The plan.
        plan: Uuid,
        /// Who.
        user: Uuid,
    },
    /// Nobody belongs to it any more: it is not in use.
    Closed {
        /// The plan.
        plan: Uuid,
    },
}
