//! Test kit.

pub mod cluster;
pub mod keys;
