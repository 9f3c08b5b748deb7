//! The recipes that users keep.

mod api;
mod store;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::recipe::Summary;

/// A recipe that a user keeps.
#[derive(Debug, Clone)]
pub struct Favourite {
    pub recipe_id: Uuid,
    /// When the user added it.
    pub created_at: DateTime<Utc>,
    /// The recipe, if the user may see it now.
    pub recipe: Option<Summary>,
}

/// The position of a favourite in the list, which has the last added first.
type LastFirst = (DateTime<Utc>, Uuid);

impl Favourite {
    fn position(&self) -> LastFirst {
        (self.created_at, self.recipe_id)
    }
}
