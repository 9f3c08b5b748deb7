//! The consultation service over real sockets, with a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod access;
mod availability;
mod bad_schedules;
mod booking;
mod claims;
mod directory;
mod documents;
mod editing;
mod extremes;
mod held;
mod idempotent;
mod input;
mod modules;
mod next_batch;
mod next_slots;
mod paying;
mod practice;
mod privacy;
mod professionals;
mod queue;
mod schedules;
mod schema;
mod sessions;
mod texts;
mod verification;
mod world;
