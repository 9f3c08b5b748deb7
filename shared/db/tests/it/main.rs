//! Units of work against a real PostgreSQL, also when something goes wrong.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod after_commit;
mod cancels;
mod conflicts;
mod connections;
mod disk;
mod failures;
mod idempotency;
mod interrupted;
mod migrations;
mod readers;
mod sessions;
mod units;
mod wire;
mod world;
