//! Challenges: seats, progress, leaderboards and final results.
//!
//! Modules use only what is below them: `finalisation`, `leaderboard`, `progress`, `challenge`, `participant`, `reward`,
//! `fruit`.

pub mod challenge;
pub mod finalisation;
pub mod fruit;
mod json;
pub mod leaderboard;
pub mod participant;
pub mod progress;
pub mod reward;
