//! The recipe service over real sockets, with a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod access;
mod extremes;
mod input;
mod recipes;
mod schema;
mod texts;
mod world;
