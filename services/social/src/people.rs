//! People: profiles, family memberships, friendships.

pub mod friendship;
pub mod membership;
pub mod profile;
