//! Tests of the family service through its API: the real server, a generated client and a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a test that cannot continue panics at its location")]

mod access;
mod blocks;
mod children;
mod erasure;
mod export;
mod extremes;
mod faults;
mod holder;
mod holds;
mod idempotent;
mod identity;
mod input;
mod invitations;
mod ledger;
mod members;
mod modules;
mod nutrition;
mod plans;
mod privacy;
mod repeats;
mod schema;
mod seats;
mod summary;
mod texts;
mod wallet;
mod world;
