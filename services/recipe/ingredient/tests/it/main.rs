//! Lines as cooks write them, and any other text.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod kinds;
mod properties;
mod readme;
mod scaling;
