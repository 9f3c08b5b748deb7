//! Intents on a real PostgreSQL.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says where")]

mod schema;
mod worker;
