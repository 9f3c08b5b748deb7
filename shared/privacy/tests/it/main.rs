//! The tables of the roll and its tombstones, in a real PostgreSQL.

mod schema;
