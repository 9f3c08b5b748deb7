//! The edge in front of slices that answer whatever a test says.

#![expect(clippy::expect_used, reason = "a failing test shows where")]

mod answers;
mod calls;
mod data;
mod dead;
mod denied;
mod faults;
mod limited;
mod rates;
mod sections;
mod stub;
mod views;
mod web;
mod world;
