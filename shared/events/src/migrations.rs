//! Migrations for slices that publish events, and for slices that apply events of others.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

/// Creates the tables of an [`Outbox`](crate::Outbox).
pub const OUTBOX: EmbeddedMigrations = embed_migrations!("migrations/outbox");

/// Creates the table of an [`Inbox`](crate::Inbox).
pub const INBOX: EmbeddedMigrations = embed_migrations!("migrations/inbox");
