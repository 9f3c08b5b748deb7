//! Queries of the directory.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::helper_types::{IntoBoxed, LeftJoin};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_rpc::PageRequest;

use super::{Filter, Listed, Order, Position};
use crate::professional::store::{Row, is_listed};
use crate::schema::{health_professionals, next_slots};

/// Those with a next slot and those without.
type Query = IntoBoxed<'static, LeftJoin<health_professionals::table, next_slots::table>, Pg>;

impl Filter {
    /// Adds the conditions to a query.
    fn narrow(self, mut query: Query) -> Query {
        let specializations = health_professionals::specializations.assume_not_null();
        if !self.words.is_empty() {
            let found = sql::<Bool>("health_professionals.words @@ to_tsquery('simple', ");
            let words: Vec<String> = self.words.iter().map(|word| format!("'{word}':*")).collect();
            query = query.filter(found.bind::<Text, _>(words.join(" & ")).sql(")"));
        }
        if !self.any_specializations.is_empty() {
            query = query.filter(specializations.overlaps_with(self.any_specializations));
        }
        if !self.all_specializations.is_empty() {
            query = query.filter(specializations.contains(self.all_specializations));
        }
        if !self.any_languages.is_empty() {
            query = query.filter(health_professionals::languages.overlaps_with(self.any_languages));
        }
        if !self.all_languages.is_empty() {
            query = query.filter(health_professionals::languages.contains(self.all_languages));
        }
        if let Some(rate) = self.max_rate {
            query = query.filter(health_professionals::consultation_rate.le(rate));
        }
        // Without a rating the mean is stored as 0, which is below the lowest that can be asked for.
        if let Some(rating) = self.min_rating {
            query = query.filter(health_professionals::rating_average.ge(rating));
        }
        if let Some(time) = self.next_slot_before {
            query = query.filter(next_slots::next_slot_time.lt(time));
        }
        query
    }
}

/// Returns a page of the directory.
pub(super) async fn search(
    mut connection: &AsyncPgConnection,
    filter: Filter,
    order: Order,
    page: &PageRequest<Position>,
) -> QueryResult<Vec<Listed>> {
    let (average, id) = (health_professionals::rating_average, health_professionals::id);
    let rate = health_professionals::consultation_rate.assume_not_null();
    let slot = next_slots::next_slot_time;
    let all: Query = health_professionals::table.left_join(next_slots::table).into_boxed();
    let mut listed = filter.narrow(all.filter(is_listed()));
    listed = match order {
        Order::Rating => listed.order((average.desc(), id.desc())),
        Order::Rate => listed
            .filter(health_professionals::consultation_rate.is_not_null())
            .order((health_professionals::consultation_rate.asc(), id.desc())),
        Order::NextSlot => listed.filter(slot.is_not_null()).order((slot.asc(), id.desc())),
    };
    // The first condition of each, which the second one implies, lets the index find where the page starts.
    listed = match page.after.clone() {
        None => listed,
        Some(Position::Rating(number, last)) => {
            listed.filter(average.le(number.clone())).filter(average.lt(number).or(id.lt(last)))
        }
        Some(Position::Rate(number, last)) => listed.filter(rate.ge(number.clone())).filter(rate.gt(number).or(id.lt(last))),
        Some(Position::NextSlot(time, last)) => listed.filter(slot.ge(time)).filter(slot.gt(time).or(id.lt(last).nullable())),
    };
    let columns = (Row::as_select(), slot.nullable());
    let found: Vec<(Row, Option<DateTime<Utc>>)> = listed.limit(page.fetch()).select(columns).load(&mut connection).await?;
    Ok(found.into_iter().map(|(row, next_slot)| Listed { professional: row.into(), next_slot }).collect())
}
