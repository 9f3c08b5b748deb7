//! The fruits that challenges know, and the service that lists them.

mod api;
pub(crate) mod wire;

pub use orchard_fruit::{Fruit, Hemisphere, VERSION, all, find};
