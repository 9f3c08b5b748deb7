//! The recipe service as its clients see it: the real server, a generated client, a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod access;
mod input;
mod recipes;
mod schema;
mod world;
