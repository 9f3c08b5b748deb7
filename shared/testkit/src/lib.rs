//! What tests and developers need and nothing deployed has: a private PostgreSQL, development keys, services in process.

pub mod answer;
pub mod browser;
pub mod cable;
pub mod certificates;
pub mod client;
pub mod cluster;
pub mod collector;
pub mod database;
pub mod disk;
pub mod extremes;
pub mod folder;
pub mod jwks;
pub mod keys;
pub mod matrix;
#[cfg(test)]
mod migrations;
pub mod modules;
pub mod neighbours;
pub mod peer;
pub mod probe;
pub mod program;
pub mod raw;
pub mod reasons;
pub mod repeats;
pub mod schema;
pub mod scissors;
pub mod scrape;
pub mod service;
pub mod statements;
pub mod texts;
pub mod upgrade;
