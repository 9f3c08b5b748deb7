//! Personal data: its export to the user, and its erasure.
//!
//! A slice implements [`UserData`], and [`Privacy`] serves `orchard.privacy.v1.PrivacyService` from it. The [`roll`] lists the users that
//! a slice refers to and keeps erased users from coming back. Its tables are created by this crate's [`migrations`].

mod api;
mod cursor;
mod erasure;
mod export;
pub mod migrations;
mod receipt;
pub mod roll;
pub mod schema;
mod user_data;
mod wire;

pub use api::Privacy;
pub use erasure::erase;
pub use export::{Page, Rows, json, object, to_rows};
pub use receipt::{Receipt, TableCount};
pub use user_data::UserData;
#[doc(hidden)]
pub use uuid::Uuid as Id;
pub use wire::table_counts;

/// The full name of the service.
pub use orchard_proto::privacy::v1::privacy_service_server::SERVICE_NAME as PRIVACY;
