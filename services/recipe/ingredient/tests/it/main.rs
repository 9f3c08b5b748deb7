//! Lines as cooks write them, and any other text.

mod kinds;
mod properties;
mod readme;
mod scaling;
