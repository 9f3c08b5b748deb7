//! Rewards: achievements, and milestones towards them.

pub mod achievement;
pub mod milestone;
