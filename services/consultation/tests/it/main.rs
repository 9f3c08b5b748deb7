//! The consultation service over real sockets, with a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod access;
mod extremes;
mod input;
mod professionals;
mod schema;
mod sessions;
mod texts;
mod world;
