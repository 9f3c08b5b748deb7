//! People: family memberships, profiles, friendships.

pub(crate) mod family;
pub mod friendship;
pub mod membership;
pub mod profile;
