//! The tables of the roll, in a real PostgreSQL.

mod roll;
mod schema;
