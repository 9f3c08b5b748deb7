//! The private PostgreSQL and the development keys, by their public interface, and the modules of all crates.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod cluster;
mod keys;
mod metrics;
mod modules;
