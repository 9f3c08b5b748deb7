//! Challenges: seats, progress, leaderboards, and how they end.

pub mod challenge;
pub mod finalisation;
pub mod fruit;
pub mod leaderboard;
pub mod participant;
pub mod progress;
