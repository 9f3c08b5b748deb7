//! Calls to replicas that answer, refuse, hang, die and move: real servers on real sockets.

#![expect(clippy::expect_used, reason = "a test fails with a message")]

mod balance;
mod breaker;
mod broken;
mod deadlines;
mod identity;
mod moves;
mod neighbours;
mod peers;
mod retries;
mod tls;
mod world;
