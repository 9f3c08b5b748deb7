//! Events between two slices, over real sockets and a real PostgreSQL.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says where")]

mod consumers;
mod delivery;
mod inbox;
mod parking;
mod schema;
mod storm;
mod world;
