//! The recipe service over real sockets, with a real PostgreSQL.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod access;
mod documents;
mod editing;
mod erasure;
mod export;
mod extremes;
mod favourites;
mod featured;
mod idempotent;
mod ingredients;
mod input;
mod moderation;
mod modules;
mod nutrition;
mod people;
mod publishing;
mod recipes;
mod reviews;
mod scaling;
mod schema;
mod search;
mod texts;
mod visibility;
mod world;
