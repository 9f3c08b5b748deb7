//! Migrations for slices that record intents.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

/// Creates the table of intents.
pub const INTENTS: EmbeddedMigrations = embed_migrations!();
