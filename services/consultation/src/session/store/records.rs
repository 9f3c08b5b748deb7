//! Changes of what is kept of sessions, which are locked.

use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::consultation_sessions::dsl;

pub(in crate::session) async fn set_notes(connection: &mut AsyncPgConnection, id: Uuid, notes: Option<&str>) -> QueryResult<()> {
    let session = diesel::update(dsl::consultation_sessions.find(id));
    session.set((dsl::session_notes.eq(notes), dsl::updated_at.eq(now))).execute(connection).await.map(|_| ())
}

/// Writes whether the client consents to a recording. A new consent is not one to an earlier recording, so its address goes in any case.
pub(in crate::session) async fn set_consent(connection: &mut AsyncPgConnection, id: Uuid, consent: bool) -> QueryResult<()> {
    diesel::update(dsl::consultation_sessions.find(id))
        .set((dsl::recording_consent.eq(consent), dsl::recording_url.eq(None::<String>), dsl::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

pub(in crate::session) async fn set_url(connection: &mut AsyncPgConnection, id: Uuid, url: Option<&str>) -> QueryResult<()> {
    let session = diesel::update(dsl::consultation_sessions.find(id));
    session.set((dsl::recording_url.eq(url), dsl::updated_at.eq(now))).execute(connection).await.map(|_| ())
}
