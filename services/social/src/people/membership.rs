//! Memberships in families, which the family service reports. Members of one family are friends, unless one of them is a guest.

pub(crate) mod store;

use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

/// The role of a user in a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// An adult who manages the plan.
    Admin,
    /// An adult.
    Member,
    Child,
    /// An outsider who may look in, and is not a friend because of it.
    Guest,
}

/// A child whom an adult has added to a family, rather than one who has accepted an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddedChild {
    /// The adult who is responsible for the child, if there is one.
    pub guardian: Option<Uuid>,
}
