//! Interim.

pub(crate) use crate::people::friendship::family::{children, has_plan};
