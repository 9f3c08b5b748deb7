//! Rewards: achievements, and milestones towards them.

pub mod achievement;
pub mod award;
pub mod milestone;
