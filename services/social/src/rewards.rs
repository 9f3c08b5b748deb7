//! Rewards: awards, milestones towards them, and the achievements that come of both.

pub mod achievement;
pub mod award;
pub mod milestone;
