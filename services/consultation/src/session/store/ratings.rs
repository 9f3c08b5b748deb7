//! Ratings of sessions, and their mean.

use diesel::dsl::{now, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Numeric};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::{consultation_sessions, health_professionals};
use crate::session::rating::Feedback;

/// Writes what a client says about a session, which is locked.
pub(in crate::session) async fn add(connection: &mut AsyncPgConnection, id: Uuid, feedback: &Feedback) -> QueryResult<()> {
    diesel::update(consultation_sessions::table.find(id))
        .set((
            consultation_sessions::user_feedback_rating.eq(feedback.rating),
            consultation_sessions::user_feedback_text.eq(&feedback.text),
            consultation_sessions::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Adds a rating to the mean of a professional, who is locked.
pub(in crate::session) async fn count(connection: &mut AsyncPgConnection, professional: Uuid, rating: i32) -> QueryResult<()> {
    let rating = i64::from(rating);
    let mean = sql::<Numeric>("round((rating_sum + ").bind::<BigInt, _>(rating).sql(") / (rating_count + 1)::numeric, 2)");
    diesel::update(health_professionals::table.find(professional))
        .set((
            health_professionals::rating_average.eq(mean),
            health_professionals::rating_count.eq(health_professionals::rating_count + 1),
            health_professionals::rating_sum.eq(health_professionals::rating_sum + rating),
            health_professionals::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}
