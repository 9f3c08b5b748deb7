//! Queries of intakes.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Intake, IntakeSource, Meal, NewIntake};
use crate::schema::nutritional_intake;

orchard_db::text_column!(Meal);
orchard_db::text_column!(IntakeSource);

#[derive(Queryable, Selectable)]
#[diesel(table_name = nutritional_intake)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    consumption_date: NaiveDate,
    calories_consumed: i32,
    meal: Meal,
    source: IntakeSource,
    created_at: DateTime<Utc>,
}

impl From<Row> for Intake {
    fn from(row: Row) -> Self {
        let intake = NewIntake {
            consumption_date: row.consumption_date,
            calories_consumed: row.calories_consumed,
            meal: row.meal,
            source: row.source,
        };
        Self { id: row.id, user_id: row.user_id, intake, created_at: row.created_at }
    }
}

/// Writes intakes of a user under these ids.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    ids: &[Uuid],
    intakes: &[NewIntake],
) -> QueryResult<()> {
    let rows: Vec<_> = ids
        .iter()
        .zip(intakes)
        .map(|(id, intake)| {
            (
                nutritional_intake::id.eq(id),
                nutritional_intake::user_id.eq(user),
                nutritional_intake::consumption_date.eq(intake.consumption_date),
                nutritional_intake::calories_consumed.eq(intake.calories_consumed),
                nutritional_intake::meal.eq(intake.meal),
                nutritional_intake::source.eq(intake.source),
            )
        })
        .collect();
    diesel::insert_into(nutritional_intake::table).values(rows).execute(connection).await.map(|_| ())
}

/// The intakes with these ids, in their order. Ids of UUIDv7 ascend as they were made.
pub(super) async fn get(connection: &mut AsyncPgConnection, user: Uuid, ids: &[Uuid]) -> QueryResult<Vec<Intake>> {
    let rows: Vec<Row> = nutritional_intake::table
        .filter(nutritional_intake::id.eq_any(ids))
        .filter(nutritional_intake::user_id.eq(user))
        .order(nutritional_intake::id)
        .select(Row::as_select())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(Row::into).collect())
}
