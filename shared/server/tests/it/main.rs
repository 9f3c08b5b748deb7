//! The runtime of all services, on real sockets.
#![expect(clippy::expect_used, reason = "a test fails with a message")]

mod access;
mod admin;
mod deadlines;
mod drain;
mod framing;
mod hostile;
mod issuer;
mod key_sources;
mod keys;
mod neighbours;
mod overload;
mod panics;
mod spans;
mod telemetry;
mod trace;
mod unread;
mod web;
mod world;
