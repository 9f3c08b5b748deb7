//! The family service as its clients see it: the real server, a generated client, a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod access;
mod erasure;
mod export;
mod faults;
mod holder;
mod holds;
mod identity;
mod input;
mod invitations;
mod ledger;
mod members;
mod nutrition;
mod plans;
mod privacy;
mod repeats;
mod schema;
mod seats;
mod summary;
mod wallet;
mod world;
