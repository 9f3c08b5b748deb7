//! The tables of the roll, in a real PostgreSQL.

mod schema;
