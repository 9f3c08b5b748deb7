//! Migrations of several crates as one source, and those of this crate.
//!
//! A table that several slices have belongs to one shared crate: its migration and its `schema` module are there, and each slice
//! lists the sources that it needs:
//!
//! ```
//! # use orchard_db::{EmbeddedMigrations, Migrations, migrations};
//! # const RECIPES: EmbeddedMigrations = migrations::IDEMPOTENCY_KEYS;
//! # let _ =
//! Migrations::new([migrations::IDEMPOTENCY_KEYS, RECIPES]);
//! ```
//!
//! Shared migrations have versions before those of every slice, so that a slice's tables may refer to shared ones. They create
//! their tables with `IF NOT EXISTS`: in databases of releases before 2026-11-30 the slices' own migrations had created them.

use diesel::migration::{Migration, MigrationSource, Result};
use diesel::pg::Pg;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

/// Creates the table of [`idempotency`](crate::idempotency) keys.
pub const IDEMPOTENCY_KEYS: EmbeddedMigrations = embed_migrations!();

/// Migrations of several sources, in the order of their versions.
pub struct Migrations(Vec<EmbeddedMigrations>);

impl Migrations {
    /// The migrations of all `sources`.
    pub fn new(sources: impl IntoIterator<Item = EmbeddedMigrations>) -> Self {
        Self(sources.into_iter().collect())
    }
}

impl MigrationSource<Pg> for Migrations {
    /// Refuses two migrations of one version: diesel would apply only one of them.
    fn migrations(&self) -> Result<Vec<Box<dyn Migration<Pg>>>> {
        let mut all = Vec::new();
        for source in &self.0 {
            all.extend(MigrationSource::<Pg>::migrations(source)?);
        }
        all.sort_by(|one, other| one.name().version().cmp(&other.name().version()));
        match all.windows(2).find(|pair| pair[0].name().version() == pair[1].name().version()) {
            Some(pair) => Err(format!("the migrations {} and {} have the same version", pair[0].name(), pair[1].name()).into()),
            None => Ok(all),
        }
    }
}
