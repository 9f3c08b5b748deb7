//! Queries of lists of challenges.

use chrono::NaiveDate;
use diesel::dsl::{exists, not, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Row;
use crate::challenges::challenge::{ChallengeType, ChallengeView};
use crate::schema::{community_challenges, users};
use crate::visibility::{blocks, visible_to};

/// Phase of a challenge on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::challenges::challenge) enum Phase {
    NotOver,
    Active,
    Upcoming,
}

/// Which challenges to list.
#[derive(Debug, Clone)]
pub(in crate::challenges::challenge) struct Filter {
    pub(in crate::challenges::challenge) phase: Phase,
    pub(in crate::challenges::challenge) challenge_type: Option<ChallengeType>,
    pub(in crate::challenges::challenge) difficulty_level: Option<i32>,
    /// Words without ASCII punctuation. The name or the description must have, for each, a word that begins with it.
    pub(in crate::challenges::challenge) words: Vec<String>,
}

/// Sort key of a list: the highest priority first, then the earliest first day, those without dates last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::challenges::challenge) struct ListCursor {
    pub(in crate::challenges::challenge) featured_priority: i32,
    pub(in crate::challenges::challenge) start_date: Option<NaiveDate>,
    pub(in crate::challenges::challenge) id: Uuid,
}

type Condition = Box<dyn BoxableExpression<community_challenges::table, Pg, SqlType = Bool>>;

impl Filter {
    fn conditions(&self, today: NaiveDate) -> Vec<Condition> {
        let (first, last) = (community_challenges::start_date, community_challenges::end_date);
        let mut all: Vec<Condition> = vec![match self.phase {
            Phase::NotOver => Box::new(last.is_null().or(last.ge(today).assume_not_null())),
            Phase::Active => Box::new(first.is_null().or(first.le(today).and(last.ge(today)).assume_not_null())),
            Phase::Upcoming => Box::new(first.gt(today).assume_not_null()),
        }];
        if let Some(challenge_type) = self.challenge_type {
            all.push(Box::new(community_challenges::challenge_type.eq(challenge_type)));
        }
        if let Some(level) = self.difficulty_level {
            all.push(Box::new(community_challenges::difficulty_level.eq(level)));
        }
        if !self.words.is_empty() {
            // The expression of the index `community_challenges_words_idx`.
            let found = sql::<Bool>(concat!(
                "to_tsvector('simple'::regconfig, regexp_replace(community_challenges.challenge_name || ' ' || ",
                r"community_challenges.description, '[\x01-\x2F\x3A-\x40\x5B-\x60\x7B-\x7F]+', ' ', 'g')) @@ to_tsquery('simple', "
            ));
            let words: Vec<String> = self.words.iter().map(|word| format!("'{word}':*")).collect();
            all.push(Box::new(found.bind::<Text, _>(words.join(" & ")).sql(")")));
        }
        all
    }
}

fn behind(cursor: ListCursor) -> Condition {
    let (priority, first) = (community_challenges::featured_priority, community_challenges::start_date);
    let later_id = community_challenges::id.gt(cursor.id);
    let same = priority.eq(cursor.featured_priority);
    match cursor.start_date {
        Some(date) => {
            let later = first.is_null().or(first.gt(date).assume_not_null());
            let further = later.or(first.is_not_distinct_from(date).and(later_id));
            Box::new(priority.lt(cursor.featured_priority).or(same.and(further)))
        }
        None => Box::new(priority.lt(cursor.featured_priority).or(same.and(first.is_null()).and(later_id))),
    }
}

/// Returns public, active challenges behind `after`, as `viewer` sees them. Leaves out challenges whose creator does not share,
/// or has blocked `viewer`, or is blocked by them.
pub(in crate::challenges::challenge) async fn list(
    mut connection: &AsyncPgConnection,
    filter: &Filter,
    viewer: Uuid,
    today: NaiveDate,
    after: Option<ListCursor>,
    count: i64,
) -> QueryResult<Vec<ChallengeView>> {
    let creator = users::id.nullable().eq(community_challenges::created_by).and(visible_to(viewer));
    let left_out = users::table
        .filter(users::id.nullable().eq(community_challenges::created_by))
        .filter(users::id.ne(viewer))
        .filter(not(users::social_sharing_enabled).or(blocks(viewer)));
    let listed = community_challenges::table
        .filter(community_challenges::is_public)
        .filter(community_challenges::is_active)
        .filter(community_challenges::finalised_at.is_null())
        .filter(not(exists(left_out)))
        .order((
            community_challenges::featured_priority.desc(),
            community_challenges::start_date.asc().nulls_last(),
            community_challenges::id,
        ))
        .limit(count);
    let conditions = filter.conditions(today).into_iter().chain(after.map(behind));
    let listed = conditions.fold(listed.into_boxed(), |listed, condition| listed.filter(condition));
    let rows: Vec<(Row, Option<Uuid>)> =
        listed.left_join(users::table.on(creator)).select((Row::as_select(), users::id.nullable())).load(&mut connection).await?;
    Ok(rows.into_iter().map(ChallengeView::from).collect())
}
