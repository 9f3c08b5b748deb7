//! Queries of intakes.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{avg, count_star, now, sum};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use orchard_db::{Connection, row};
use uuid::Uuid;

use super::{DailyIntake, Intake, IntakeSource, Meal, NewIntake, NutritionError, Patch};
use crate::error::Error;
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
        let Row { id, user_id, consumption_date, calories_consumed, meal, source, created_at, updated_at } = row;
        Self { id, user_id, intake: NewIntake { consumption_date, calories_consumed, meal, source }, created_at, updated_at }
    }
}

/// Inserts intakes of a user with these ids.
pub(super) async fn insert(connection: &mut Connection, user: Uuid, ids: &[Uuid], intakes: &[NewIntake]) -> QueryResult<()> {
    let row = |(id, intake): (&Uuid, &NewIntake)| {
        (
            nutritional_intake::id.eq(*id),
            nutritional_intake::user_id.eq(user),
            nutritional_intake::consumption_date.eq(intake.consumption_date),
            nutritional_intake::calories_consumed.eq(intake.calories_consumed),
            nutritional_intake::meal.eq(intake.meal),
            nutritional_intake::source.eq(intake.source),
        )
    };
    let rows: Vec<_> = ids.iter().zip(intakes).map(row).collect();
    diesel::insert_into(nutritional_intake::table).values(rows).execute(connection).await.map(drop)
}

/// Returns the intakes of a user with these ids in the order of the ids, which are UUIDs of version 7 and so ascend.
pub(super) async fn get(connection: &mut Connection, user: Uuid, ids: &[Uuid]) -> QueryResult<Vec<Intake>> {
    let rows: Vec<Row> = nutritional_intake::table
        .filter(nutritional_intake::id.eq_any(ids))
        .filter(nutritional_intake::user_id.eq(user))
        .order(nutritional_intake::id)
        .select(Row::as_select())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(Row::into).collect())
}

/// Corrects an intake of a user in one statement, so that concurrent corrections of different fields are all kept.
pub(super) async fn update(connection: &mut Connection, user: Uuid, id: Uuid, patch: Patch) -> Result<Intake, Error> {
    let row: Option<Row> = diesel::update(nutritional_intake::table.find(id).filter(nutritional_intake::user_id.eq(user)))
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
        .optional()?;
    Ok(row.ok_or(NutritionError::IntakeNotFound)?.into())
}

/// Deletes an intake of a user.
pub(super) async fn delete(connection: &mut Connection, user: Uuid, id: Uuid) -> Result<(), Error> {
    let own = nutritional_intake::table.find(id).filter(nutritional_intake::user_id.eq(user));
    let deleted = diesel::delete(own).execute(connection).await?;
    if deleted == 0 { Err(NutritionError::IntakeNotFound.into()) } else { Ok(()) }
}

/// The dates of which to list a user's intakes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) user: Uuid,
    pub(super) first: Option<NaiveDate>,
    pub(super) last: Option<NaiveDate>,
}

/// Lists intakes of a range after the position `after`, newest date first.
pub(super) async fn list(
    mut connection: &Connection,
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
    if let Some(after) = after {
        query = query.filter(row(nutritional_intake::consumption_date, nutritional_intake::id).lt(after));
    }
    let rows: Vec<Row> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(Row::into).collect())
}

/// Returns the intakes of a user by date, without the dates that have none.
pub(super) async fn by_date(
    mut connection: &Connection,
    user: Uuid,
    (first, last): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<DailyIntake>> {
    let rows: Vec<(NaiveDate, Option<i64>, i64)> = nutritional_intake::table
        .filter(nutritional_intake::user_id.eq(user))
        .filter(nutritional_intake::consumption_date.between(first, last))
        .group_by(nutritional_intake::consumption_date)
        .select((nutritional_intake::consumption_date, sum(nutritional_intake::calories_consumed), count_star()))
        .load(&mut connection)
        .await?;
    let day =
        |(date, calories, intakes): (_, Option<i64>, _)| DailyIntake { date, calories: calories.unwrap_or_default(), intakes };
    Ok(rows.into_iter().map(day).collect())
}

/// Returns the mean calories of the users' intakes on these dates, or `None` without intakes.
pub(crate) async fn average_calories(
    mut connection: &Connection,
    users: &[Uuid],
    (first, last): (NaiveDate, NaiveDate),
) -> QueryResult<Option<BigDecimal>> {
    nutritional_intake::table
        .filter(nutritional_intake::user_id.eq_any(users))
        .filter(nutritional_intake::consumption_date.between(first, last))
        .select(avg(nutritional_intake::calories_consumed))
        .first(&mut connection)
        .await
}
