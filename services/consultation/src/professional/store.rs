//! Queries of professionals.

mod row;

use chrono::{DateTime, Utc};
use diesel::dsl::{And, AsExprOf, exists, now, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use super::document::Documents;
use super::{Document, Professional, Profile, Specialization, VerificationStatus, Viewer};
use crate::schema::{consultation_sessions, health_professionals};
pub(crate) use row::Row;
use row::{ProfileColumns, ProfileRow};

orchard_db::text_column!(VerificationStatus);
orchard_db::text_column!(Specialization);

/// A professional who is locked to be changed.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) user_id: Option<Uuid>,
    pub(crate) entered_by: Option<Uuid>,
    pub(crate) profile: Profile,
    pub(crate) version: i64,
    pub(crate) verification_status: VerificationStatus,
    pub(crate) verification_note: Option<String>,
    pub(crate) rejected_version: Option<i64>,
    pub(crate) documents: Vec<Document>,
}

impl Locked {
    /// Returns whether a user is the professional or has entered them, and so decides nothing about them.
    pub(crate) fn is_of(&self, user: Uuid) -> bool {
        [self.user_id, self.entered_by].contains(&Some(user))
    }
}

/// Whether everyone finds the professional of the query's row. The status is part of the text, as in the indexes.
pub(crate) fn is_listed() -> And<SqlLiteral<Bool>, health_professionals::is_available> {
    sql::<Bool>("health_professionals.verification_status = 'verified'").and(health_professionals::is_available)
}

/// Whether `viewer` may see the professional of the query's row: everyone does, or they are the professional, or consult them, or are an
/// operator.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn visible_to(viewer: Uuid, is_operator: bool) -> _ {
    let listed: And<SqlLiteral<Bool>, health_professionals::is_available> = is_listed();
    let own = health_professionals::user_id.eq(viewer).assume_not_null();
    let booked: diesel::dsl::AssumeNotNull<diesel::dsl::Eq<consultation_sessions::booked_by, Uuid>> =
        consultation_sessions::booked_by.eq(viewer).assume_not_null();
    let sessions = consultation_sessions::table
        .filter(consultation_sessions::professional_id.eq(health_professionals::id))
        .filter(consultation_sessions::user_id.eq(viewer).or(booked));
    let operator: AsExprOf<bool, Bool> = is_operator.into_sql::<Bool>();
    listed.or(own).or(exists(sessions)).or(operator)
}

/// Inserts a pending professional. The caller must be on the roll; a constraint refuses an account that applied before.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    caller: Viewer,
    profile: &Profile,
) -> QueryResult<Professional> {
    diesel::insert_into(health_professionals::table)
        .values((
            health_professionals::id.eq(id),
            health_professionals::user_id.eq(caller.new_account()),
            health_professionals::entered_by.eq(caller.entering()),
            health_professionals::verification_status.eq(VerificationStatus::Pending),
            ProfileColumns::from(profile),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Writes a changed profile.
pub(super) async fn update(connection: &mut AsyncPgConnection, id: Uuid, profile: &Profile) -> QueryResult<()> {
    diesel::update(health_professionals::table.find(id))
        .set((
            ProfileColumns::from(profile),
            health_professionals::version.eq(health_professionals::version + 1),
            health_professionals::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Replaces the documents, and returns the version that has them.
pub(super) async fn set_documents(connection: &mut AsyncPgConnection, id: Uuid, documents: &[Document]) -> QueryResult<i64> {
    let json = serde_json::to_value(documents).map_err(|error| SerializationError(error.into()))?;
    diesel::update(health_professionals::table.find(id))
        .set((
            health_professionals::verification_documents.eq(json),
            health_professionals::version.eq(health_professionals::version + 1),
            health_professionals::updated_at.eq(now),
        ))
        .returning(health_professionals::version)
        .get_result(connection)
        .await
}

/// Returns the documents of a professional, and the version that has them.
pub(super) async fn documents(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<(Vec<Document>, i64)> {
    let columns = (health_professionals::verification_documents, health_professionals::version);
    let (documents, version): (Option<Documents>, i64) =
        health_professionals::table.find(id).select(columns).first(&mut connection).await?;
    Ok((documents.map(|Documents(list)| list).unwrap_or_default(), version))
}

/// Sets what operators decided, and which version they rejected, if they did.
pub(crate) async fn set_status(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    status: VerificationStatus,
    note: Option<&str>,
    rejected_version: Option<i64>,
) -> QueryResult<()> {
    diesel::update(health_professionals::table.find(id))
        .set((
            health_professionals::verification_status.eq(status),
            health_professionals::verification_note.eq(note),
            health_professionals::rejected_version.eq(rejected_version),
            health_professionals::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns the number of the next event of a professional, who is locked.
pub(crate) async fn next_event(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<i64> {
    diesel::update(health_professionals::table.find(id))
        .set((
            health_professionals::event_sequence.eq(health_professionals::event_sequence + 1),
            health_professionals::updated_at.eq(now),
        ))
        .returning(health_professionals::event_sequence)
        .get_result(connection)
        .await
}

/// Locks a professional that the caller manages. Others lock nothing, so they keep nobody waiting.
pub(crate) async fn lock_managed(connection: &mut AsyncPgConnection, id: Uuid, caller: Viewer) -> QueryResult<Option<Locked>> {
    type Users = (Option<Uuid>, Option<Uuid>);
    type Decided = (VerificationStatus, Option<String>, Option<i64>);
    type Found = (Users, i64, Decided, Option<Documents>, ProfileRow);
    let operator: AsExprOf<bool, Bool> = caller.is_operator.into_sql::<Bool>();
    let found: Option<Found> = health_professionals::table
        .find(id)
        .filter(health_professionals::user_id.eq(caller.user).assume_not_null().or(operator))
        .select((
            (health_professionals::user_id, health_professionals::entered_by),
            health_professionals::version,
            (
                health_professionals::verification_status,
                health_professionals::verification_note,
                health_professionals::rejected_version,
            ),
            health_professionals::verification_documents,
            ProfileRow::as_select(),
        ))
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    Ok(found.map(|((user_id, entered_by), version, decided, documents, profile)| Locked {
        user_id,
        entered_by,
        profile: profile.into(),
        version,
        verification_status: decided.0,
        verification_note: decided.1,
        rejected_version: decided.2,
        documents: documents.map(|Documents(list)| list).unwrap_or_default(),
    }))
}

/// Returns a professional that `viewer` may see.
pub(crate) async fn find_visible(
    mut connection: &AsyncPgConnection,
    id: Uuid,
    viewer: Viewer,
) -> QueryResult<Option<Professional>> {
    let visible =
        health_professionals::table.find(id).filter(visible_to(viewer.user, viewer.is_operator)).select(Row::as_select());
    visible.first(&mut connection).await.optional().map(|found| found.map(Row::into))
}

/// Returns those of these professionals that `viewer` may see, in the order of their ids.
pub(super) async fn batch(mut connection: &AsyncPgConnection, ids: &[Uuid], viewer: Viewer) -> QueryResult<Vec<Professional>> {
    let found: Vec<Row> = health_professionals::table
        .filter(health_professionals::id.eq_any(ids))
        .filter(visible_to(viewer.user, viewer.is_operator))
        .order(health_professionals::id)
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(Row::into).collect())
}

/// Lists the professionals who wait to be verified, the longest waiting first. Who was rejected does not wait before the next version.
pub(crate) async fn pending(
    mut connection: &AsyncPgConnection,
    page: &PageRequest<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<Professional>> {
    let is_pending = sql::<Bool>("health_professionals.verification_status = 'pending'");
    // As in the index.
    let is_new = health_professionals::rejected_version.is_distinct_from(health_professionals::version.nullable());
    let mut pending = health_professionals::table.filter(is_pending).filter(is_new).into_boxed();
    if let Some(after) = page.after {
        pending = pending.filter(pair(health_professionals::created_at, health_professionals::id).gt(after));
    }
    let found: Vec<Row> = pending
        .order((health_professionals::created_at, health_professionals::id))
        .limit(page.fetch())
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(Row::into).collect())
}
