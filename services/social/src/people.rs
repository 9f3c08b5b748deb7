//! People: profiles, family memberships, friendships.

pub(crate) mod family;
pub mod friendship;
pub mod membership;
pub mod profile;
pub(crate) mod visibility;
