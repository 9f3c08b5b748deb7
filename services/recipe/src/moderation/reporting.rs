//! Reporting a recipe.

use orchard_db::Db;
use orchard_privacy::roll;
use uuid::Uuid;

use super::store::{self, Case};
use super::{Complaint, ModerationError};
use crate::error::Error;
use crate::recipe::RecipeError;

/// Reports a recipe, unless the user has said the same before.
pub(super) async fn report(db: &Db, recipe: Uuid, reporter: Uuid, complaint: Complaint) -> Result<(), Error> {
    db.write("report recipe", async move |connection| {
        roll::enrol_or(connection, reporter, Error::user_erased).await?;
        let case = store::lock(connection, recipe).await?.ok_or(RecipeError::NotFound)?;
        case.check_reporter(reporter)?;
        if store::reports::insert(connection, recipe, reporter, &complaint).await? {
            return Ok(store::reports::count(connection, recipe, case.reported_at.is_none()).await?);
        }
        let before = store::reports::complaint(connection, recipe, reporter).await?;
        if before == complaint { Ok(()) } else { Err(ModerationError::AlreadyReported.into()) }
    })
    .await
}

impl Case {
    fn check_reporter(&self, reporter: Uuid) -> Result<(), RecipeError> {
        match (self.user_id == reporter, self.is_seen_by_all()) {
            (true, _) => Err(RecipeError::Own),
            (false, true) => Ok(()),
            (false, false) => Err(RecipeError::NotFound),
        }
    }
}
