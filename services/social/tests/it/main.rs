//! The social service as its clients see it: the real server, a generated client, a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a failing test shows where")]

mod access;
mod achievements;
mod awarded;
mod challenges;
mod erasing;
mod erasure;
mod export;
mod extremes;
mod families;
mod finalisation;
mod friends;
mod friendships;
mod fruits;
mod idempotent;
mod leaderboards;
mod milestones;
mod modules;
mod names;
mod participants;
mod preferences;
mod privacy;
mod profiles;
mod progress;
mod referrals;
mod registration;
mod schema;
mod sharing;
mod standings;
mod texts;
mod tokens;
mod visibility;
mod watching;
mod world;
