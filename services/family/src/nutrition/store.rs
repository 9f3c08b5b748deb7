//! Queries of intakes.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{count_star, now, sum};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Day, Intake, IntakeSource, Meal, NewIntake, Patch};
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
    updated_at: DateTime<Utc>,
}

impl From<Row> for Intake {
    fn from(row: Row) -> Self {
        let intake = NewIntake {
            consumption_date: row.consumption_date,
            calories_consumed: row.calories_consumed,
            meal: row.meal,
            source: row.source,
        };
        Self { id: row.id, user_id: row.user_id, intake, created_at: row.created_at, updated_at: row.updated_at }
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

/// Corrects an intake of `user`, in one statement: corrections of different fields at once all stay.
pub(super) async fn update(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    id: Uuid,
    patch: Patch,
) -> QueryResult<Option<Intake>> {
    diesel::update(nutritional_intake::table.find(id).filter(nutritional_intake::user_id.eq(user)))
        .set((
            patch.consumption_date.map(|date| nutritional_intake::consumption_date.eq(date)),
            patch.calories_consumed.map(|calories| nutritional_intake::calories_consumed.eq(calories)),
            patch.meal.map(|meal| nutritional_intake::meal.eq(meal)),
            patch.source.map(|source| nutritional_intake::source.eq(source)),
            nutritional_intake::updated_at.eq(now),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// Deletes an intake of `user`, and says whether there was one.
pub(super) async fn delete(connection: &mut AsyncPgConnection, user: Uuid, id: Uuid) -> QueryResult<bool> {
    let own = nutritional_intake::table.find(id).filter(nutritional_intake::user_id.eq(user));
    diesel::delete(own).execute(connection).await.map(|deleted| deleted > 0)
}

/// Which intakes of a user to list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) user: Uuid,
    pub(super) first: Option<NaiveDate>,
    pub(super) last: Option<NaiveDate>,
}

/// Intakes of a range, the newest date first, behind the one named by `after`.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    range: Range,
    after: Option<(NaiveDate, Uuid)>,
    count: i64,
) -> QueryResult<Vec<Intake>> {
    let mut query = nutritional_intake::table
        .filter(nutritional_intake::user_id.eq(range.user))
        .order((nutritional_intake::consumption_date.desc(), nutritional_intake::id.desc()))
        .limit(count)
        .select(Row::as_select())
        .into_boxed();
    if let Some(first) = range.first {
        query = query.filter(nutritional_intake::consumption_date.ge(first));
    }
    if let Some(last) = range.last {
        query = query.filter(nutritional_intake::consumption_date.le(last));
    }
    if let Some((date, id)) = after {
        let earlier = nutritional_intake::consumption_date.lt(date).or(nutritional_intake::id.lt(id));
        // The index finds the date; in an OR it would not.
        query = query.filter(nutritional_intake::consumption_date.le(date)).filter(earlier);
    }
    let rows: Vec<Row> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(Row::into).collect())
}

/// What `user` ate on these dates, without those on which it was nothing.
pub(super) async fn by_date(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    (first, last): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<Day>> {
    let rows: Vec<(NaiveDate, Option<i64>, i64)> = nutritional_intake::table
        .filter(nutritional_intake::user_id.eq(user))
        .filter(nutritional_intake::consumption_date.between(first, last))
        .group_by(nutritional_intake::consumption_date)
        .select((nutritional_intake::consumption_date, sum(nutritional_intake::calories_consumed), count_star()))
        .load(&mut connection)
        .await?;
    let day =
        |(date, calories, intakes): (NaiveDate, Option<i64>, i64)| Day { date, calories: calories.unwrap_or_default(), intakes };
    Ok(rows.into_iter().map(day).collect())
}
