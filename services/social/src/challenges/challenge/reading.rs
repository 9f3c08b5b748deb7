//! Reading challenges.

use chrono::{DateTime, Utc};
use orchard_db::{Connection, Db};
use orchard_rpc::{Page, PageRequest};
use orchard_server::Clock;
use uuid::Uuid;

use super::store::{Filter, ListCursor};
use super::{ChallengeError, ChallengeKey, ChallengeView, store};
use crate::clock::local_time;
use crate::error::Error;

/// Returns a challenge that `viewer` may read, because they may read `all` or for another reason.
pub(super) async fn view(connection: &Connection, id: Uuid, viewer: Uuid, all: bool) -> Result<ChallengeView, Error> {
    Ok(store::get(connection, id, viewer, all).await?.ok_or(ChallengeError::NotFound)?)
}

/// Returns a challenge by its id or code. By code, everyone may read it.
pub(super) async fn find(db: &Db, key: &ChallengeKey, viewer: Uuid, all: bool) -> Result<ChallengeView, Error> {
    let connection = db.read().await?;
    let id = store::id_of(&connection, key).await?.ok_or(ChallengeError::NotFound)?;
    view(&connection, id, viewer, all || matches!(key, ChallengeKey::Code(_))).await
}

/// Lists challenges by the local date of `viewer`.
pub(super) async fn list(
    db: &Db,
    clock: &Clock,
    viewer: Uuid,
    filter: &Filter,
    page: &PageRequest<ListCursor>,
) -> Result<Page<ChallengeView>, Error> {
    let connection = db.read().await?;
    let today = local_time(&connection, clock, viewer).await?.today();
    let views = store::list(&connection, filter, viewer, today, page.after, page.fetch()).await?;
    Ok(page.page(views, |view| ListCursor::of(&view.challenge)))
}

/// Returns a challenge that is finalised, or that can be now.
pub(super) async fn due(db: &Db, clock: &Clock, id: Uuid, viewer: Uuid) -> Result<ChallengeView, Error> {
    let connection = db.read().await?;
    let now = store::now_by(&connection, clock).await?;
    let view = view(&connection, id, viewer, true).await?;
    if view.challenge.finalised_at.is_none() {
        view.challenge.check_due(now)?;
    }
    Ok(view)
}

/// Counts the distinct challenges in which at least one of the users is active, and returns when that was so.
pub(super) async fn count_active(db: &Db, users: &[Uuid]) -> Result<(i64, DateTime<Utc>), Error> {
    let connection = db.read().await?;
    Ok(store::count_active(&connection, users).await?)
}
