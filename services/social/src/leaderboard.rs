//! Leaderboards: who is ahead in a challenge.

pub(crate) mod store;

pub(crate) use store::{moved, reflect};
