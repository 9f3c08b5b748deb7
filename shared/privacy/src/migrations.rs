//! Migrations for slices that refer to users.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

/// Creates the table `users` of the [`roll`](crate::roll). A slice that keeps more of its users, as social does, creates a table
/// of that name with more columns itself.
pub const USERS: EmbeddedMigrations = embed_migrations!("migrations/users");

/// Creates the table `erased_users` of the [`roll`](crate::roll)'s tombstones, and `erasure_receipts`.
pub const ERASED_USERS: EmbeddedMigrations = embed_migrations!("migrations/erased_users");
