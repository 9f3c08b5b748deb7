//! The suite as its clients see it: five services, in one process or as five, on a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a failed test says where")]

mod access;
mod canary;
mod dashboard;
mod degraded;
mod deployment;
mod erasure;
mod events;
mod export;
mod friends;
mod neighbours;
mod payments;
mod people;
mod programs;
mod provision;
mod recipes;
mod rolling;
mod routing;
mod secured;
mod suite;
mod traces;
mod views;
