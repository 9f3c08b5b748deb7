//! The private PostgreSQL and the development keys, by their public interface.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod cluster;
mod keys;
