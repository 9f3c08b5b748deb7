//! The database as slices use it, against a real PostgreSQL: what becomes of units of work when things go wrong.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod after;
mod cancels;
mod conflicts;
mod connections;
mod disk;
mod failures;
mod idempotency;
mod interrupted;
mod migrations;
mod readers;
mod units;
mod wire;
mod world;
