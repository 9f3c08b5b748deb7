//! Deciding about a recipe. A decision that changes nothing is not recorded.

use orchard_db::{Connection, Db};
use orchard_events::Outbox;
use orchard_privacy::roll;
use orchard_proto::recipe::v1::RecipeFeatured;
use uuid::Uuid;

use super::DecisionKind;
use super::store::{self, Case};
use crate::error::Error;
use crate::recipe::{Recipe, RecipeError, store as recipes};
use crate::search_index;

/// What a moderator decides about a recipe.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) recipe: Uuid,
    pub(super) moderator: Uuid,
    pub(super) kind: DecisionKind,
    /// Why, in the moderator's words.
    pub(super) note: Option<String>,
}

impl Verdict {
    /// Carries out the decision, and returns the recipe.
    pub(super) async fn apply(self, db: &Db, outbox: &Outbox) -> Result<Recipe, Error> {
        let outbox = outbox.clone();
        db.write("moderate recipe", async move |connection| {
            roll::enrol_or(connection, self.moderator, Error::user_erased).await?;
            let case = store::lock(connection, self.recipe).await?.ok_or(RecipeError::NotFound)?;
            self.check(&case)?;
            if self.changes(&case) {
                self.change(connection, &outbox, &case).await?;
            }
            Ok(recipes::find(connection, self.recipe).await?.ok_or(RecipeError::NotFound)?)
        })
        .await
    }

    fn check(&self, case: &Case) -> Result<(), RecipeError> {
        let is_known = match self.kind {
            DecisionKind::Feature => case.is_seen_by_all(),
            DecisionKind::Hide | DecisionKind::Restore | DecisionKind::Dismiss | DecisionKind::Unfeature => case.is_known(),
        };
        match (is_known, case.user_id == self.moderator) {
            // Their own, which they see.
            (_, true) => Err(RecipeError::Own),
            (true, false) => Ok(()),
            (false, false) => Err(RecipeError::NotFound),
        }
    }

    fn changes(&self, case: &Case) -> bool {
        match self.kind {
            DecisionKind::Hide => case.hidden_at.is_none() || case.open_reports > 0,
            DecisionKind::Restore => case.hidden_at.is_some(),
            DecisionKind::Dismiss => case.open_reports > 0,
            DecisionKind::Feature => case.featured_at.is_none(),
            DecisionKind::Unfeature => case.featured_at.is_some(),
        }
    }

    async fn change(&self, connection: &mut Connection, outbox: &Outbox, case: &Case) -> Result<(), Error> {
        let recipe = self.recipe;
        let closes = matches!(self.kind, DecisionKind::Hide | DecisionKind::Dismiss) && case.open_reports > 0;
        if closes {
            store::reports::close(connection, recipe).await?;
        }
        match self.kind {
            DecisionKind::Hide if case.hidden_at.is_none() => store::set_hidden(connection, recipe, true).await?,
            DecisionKind::Hide | DecisionKind::Dismiss => (),
            DecisionKind::Restore => store::set_hidden(connection, recipe, false).await?,
            DecisionKind::Feature => {
                recipes::set_featured(connection, recipe, true).await?;
                tell_featured(connection, outbox, recipe, case.user_id).await?;
            }
            DecisionKind::Unfeature => recipes::set_featured(connection, recipe, false).await?,
        }
        if matches!(self.kind, DecisionKind::Hide | DecisionKind::Restore) {
            search_index::write(connection, &[recipe]).await?;
        }
        let closed = if closes { case.open_reports } else { 0 };
        let said = (self.note.as_deref(), closed);
        Ok(store::decisions::insert(connection, recipe, self.moderator, self.kind, said).await?)
    }
}

/// Tells the social service that a recipe, whose row is locked, was featured. It gives the author an achievement, once for each recipe.
async fn tell_featured(connection: &mut Connection, outbox: &Outbox, recipe: Uuid, author: Uuid) -> Result<(), Error> {
    let sequence = recipes::next_sequence(connection, recipe).await?;
    let event = RecipeFeatured { recipe_id: recipe.to_string(), user_id: author.to_string() };
    Ok(outbox.publish(connection, recipe, sequence, &event).await?)
}
