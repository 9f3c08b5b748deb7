//! The suite as its clients see it: five services on real sockets in one process, and a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod access;
mod canary;
mod dashboard;
mod deployment;
mod events;
mod friends;
mod programs;
mod provision;
mod rolling;
mod routing;
mod secured;
mod suite;
mod traces;
