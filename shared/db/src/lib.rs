//! The database as every slice uses it: connections, units of work, failures, migrations and idempotency keys.
//!
//! [`Db`] lends connections and runs units of work. [`Migrations`] lists what a slice's database is made of; this crate's own
//! `migrations/` create the table of [`idempotency`] keys, which every slice has.

mod after_commit;
mod answers;
mod clock;
mod connect;
mod db;
mod error;
mod failure;
mod fold;
pub mod idempotency;
mod limits;
mod migrate;
pub mod migrations;
mod observe;
mod pool;
mod prepared;
mod readers;
mod redact;
mod row;
mod schema;
mod session;
mod statements;
mod text_column;
mod unit;

pub use diesel_async::AsyncPgConnection as Connection;
pub use diesel_migrations::EmbeddedMigrations;

pub use after_commit::after_commit;
pub use clock::{interval, moment};
pub use connect::{ConnectionUrl, InvalidUrl};
pub use db::Db;
pub use error::{Domain, Error, Rule};
pub use failure::Failure;
pub use fold::{Folded, fold_forever};
pub use limits::Limits;
pub use migrate::script::statements;
pub use migrate::{MigrateError, NotMigrated, migrate, require_migrated};
pub use migrations::Migrations;
pub use pool::{Pooled, Sessions};
pub use readers::{READERS, Reader};
pub use row::row;
pub use session::Session;
pub use statements::inspect;
pub use unit::{Unit, UnitError, UnitOfWork};
