//! Creating, changing and deleting recipes.

use orchard_db::idempotency::Key;
use orchard_db::{Connection, Db};
use orchard_events::Outbox;
use orchard_privacy::roll;
use orchard_proto::recipe::v1::RecipePublished;
use uuid::Uuid;

use super::store::{self, Locked};
use super::{Content, Patch, Recipe, RecipeError};
use crate::error::Error;
use crate::{family, search_index};

/// A change that an author asks for.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) id: Uuid,
    pub(super) author: Uuid,
    /// The version that the author has read, if they say so.
    pub(super) version: Option<i64>,
    pub(super) patch: Patch,
    /// Whether the author is a child; `None` if the family service was not asked, because the recipe was not to be public.
    pub(super) is_child: Option<bool>,
}

/// Creates a recipe, unless the request is a repeated one. A public one has a fruit, and its author is no child. `is_child` is `None` if
/// the family service has not answered, which a repeated request does not need.
pub(super) async fn create(
    db: &Db,
    outbox: &Outbox,
    key: Key,
    content: Content,
    author: Uuid,
    is_child: Option<bool>,
) -> Result<Recipe, Error> {
    let outbox = outbox.clone();
    db.write("create recipe", async move |connection| {
        let (id, is_new) = key.claim_id(connection).await?;
        if is_new {
            match is_child {
                _ if !content.heading.is_public => {}
                Some(false) => content.check_fruit()?,
                Some(true) => return Err(RecipeError::Child.into()),
                None => return Err(family::unavailable()),
            }
            roll::enrol_or(connection, author, Error::user_erased).await?;
            store::insert(connection, id, author, &content).await?;
            search_index::write(connection, &[id]).await?;
            if content.heading.is_public {
                publish(connection, &outbox, id, author).await?;
            }
        }
        own(connection, id, author).await
    })
    .await
}

/// Changes a recipe.
pub(super) async fn update(db: &Db, outbox: &Outbox, edit: Edit) -> Result<Recipe, Error> {
    let outbox = outbox.clone();
    db.write("update recipe", async move |connection| {
        let Edit { id, author, version, patch, is_child } = edit;
        let before = lock(connection, id, author).await?;
        let is_current = version.is_none_or(|version| version == before.version);
        let content = before.content.clone().patched(patch);
        // Also for a repeated request, whose version is outdated by its own effect.
        if content == before.content {
            return own(connection, id, author).await;
        }
        if !is_current {
            return Err(RecipeError::Changed.into());
        }
        check(&content, is_child)?;
        store::update(connection, id, &content).await?;
        if before.is_featured && !content.heading.is_public {
            // Moderators have recommended what everyone could see. The author may publish something else.
            store::set_featured(connection, id, false).await?;
        }
        search_index::write(connection, &[id]).await?;
        if content.heading.is_public && !before.is_hidden && !before.was_published {
            publish(connection, &outbox, id, author).await?;
        }
        own(connection, id, author).await
    })
    .await
}

fn check(content: &Content, is_child: Option<bool>) -> Result<(), RecipeError> {
    if !content.heading.is_public {
        return Ok(());
    }
    match is_child {
        Some(false) => content.check_fruit(),
        Some(true) => Err(RecipeError::Child),
        // It became public after this call had looked.
        None => Err(RecipeError::Changed),
    }
}

/// Deletes a recipe.
pub(super) async fn delete(db: &Db, id: Uuid, author: Uuid, version: Option<i64>) -> Result<(), Error> {
    db.write("delete recipe", async move |connection| {
        let before = lock(connection, id, author).await?;
        if version.is_some_and(|version| version != before.version) {
            return Err(RecipeError::Changed.into());
        }
        // They name the author, and would outlive their erasure.
        orchard_events::forget(connection, &[id]).await?;
        Ok(store::delete(connection, id).await?)
    })
    .await
}

/// Locks a recipe of `author`.
async fn lock(connection: &mut Connection, id: Uuid, author: Uuid) -> Result<Locked, Error> {
    let locked = store::lock(connection, id).await?.filter(|locked| locked.is_visible_to(author));
    let locked = locked.ok_or(RecipeError::NotFound)?;
    if locked.user_id == author { Ok(locked) } else { Err(RecipeError::NotAuthor.into()) }
}

async fn own(connection: &Connection, id: Uuid, author: Uuid) -> Result<Recipe, Error> {
    Ok(store::find_visible(connection, id, author).await?.ok_or(RecipeError::NotFound)?)
}

/// Records that a recipe, whose row is locked, is public for the first time, and tells subscribers.
async fn publish(connection: &mut Connection, outbox: &Outbox, id: Uuid, author: Uuid) -> Result<(), Error> {
    store::set_published(connection, id).await?;
    let sequence = store::next_sequence(connection, id).await?;
    let event = RecipePublished { recipe_id: id.to_string(), user_id: author.to_string() };
    Ok(outbox.publish(connection, id, sequence, &event).await?)
}
