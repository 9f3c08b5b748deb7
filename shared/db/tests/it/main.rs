//! Units of work against a real PostgreSQL: what becomes of them when things go wrong.

mod idempotency;
mod units;
mod world;
