//! Challenges as they are kept.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::challenges::challenge::{
    Challenge, ChallengeType, EntryRequirements, JoinCode, RewardStructure, Scoring, SuccessCriteria, Terms,
};
use crate::schema::community_challenges;

orchard_db::text_column!(ChallengeType);

/// Lets what a challenge says be read from JSON.
macro_rules! json_column {
    ($($of:ty),*) => {$(
        impl diesel::deserialize::FromSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $of {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                use diesel::deserialize::FromSql;
                use diesel::pg::Pg;
                use diesel::sql_types::Jsonb;

                Ok(serde_json::from_value(<serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(value)?)?)
            }
        }

        impl diesel::deserialize::Queryable<diesel::sql_types::Jsonb, diesel::pg::Pg> for $of {
            type Row = Self;

            fn build(row: Self) -> diesel::deserialize::Result<Self> {
                Ok(row)
            }
        }
    )*};
}

pub(crate) use json_column;

json_column!(Scoring, EntryRequirements, SuccessCriteria, RewardStructure);

#[derive(Queryable, Selectable)]
#[diesel(table_name = community_challenges)]
pub(crate) struct Row {
    id: Uuid,
    challenge_name: String,
    description: String,
    difficulty_level: i32,
    duration_days: i32,
    max_participants: Option<i32>,
    entry_requirements: Option<EntryRequirements>,
    success_criteria: Option<SuccessCriteria>,
    reward_structure: Option<RewardStructure>,
    start_date: Option<NaiveDate>,
    created_by: Option<Uuid>,
    is_public: bool,
    is_active: bool,
    featured_priority: i32,
    created_at: DateTime<Utc>,
    scoring: Scoring,
    participant_count: i32,
    join_code: Option<String>,
    finalised_at: Option<DateTime<Utc>>,
}

impl From<Row> for Challenge {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            terms: Terms {
                challenge_name: row.challenge_name,
                description: row.description,
                difficulty_level: row.difficulty_level,
                duration_days: row.duration_days,
                max_participants: row.max_participants,
                start_date: row.start_date,
                scoring: row.scoring,
                entry_requirements: row.entry_requirements,
                success_criteria: row.success_criteria,
                reward_structure: row.reward_structure,
                is_public: row.is_public,
            },
            participant_count: row.participant_count,
            created_by: row.created_by,
            is_active: row.is_active,
            join_code: row.join_code.map(JoinCode::from),
            featured_priority: row.featured_priority,
            created_at: row.created_at,
            finalised_at: row.finalised_at,
        }
    }
}

/// The columns that hold what a creator says.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = community_challenges, treat_none_as_null = true)]
pub(super) struct TermsRow<'a> {
    challenge_name: &'a str,
    description: &'a str,
    challenge_type: ChallengeType,
    difficulty_level: i32,
    duration_days: i32,
    max_participants: Option<i32>,
    entry_requirements: Option<Value>,
    success_criteria: Option<Value>,
    reward_structure: Option<Value>,
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    is_public: bool,
    scoring: Value,
    join_code: Option<&'a str>,
}

impl<'a> TermsRow<'a> {
    pub(super) fn of(terms: &'a Terms, code: Option<&'a JoinCode>) -> QueryResult<Self> {
        Ok(Self {
            challenge_name: &terms.challenge_name,
            description: &terms.description,
            challenge_type: terms.scoring.challenge_type(),
            difficulty_level: terms.difficulty_level,
            duration_days: terms.duration_days,
            max_participants: terms.max_participants,
            entry_requirements: terms.entry_requirements.as_ref().map(json).transpose()?,
            success_criteria: terms.success_criteria.as_ref().map(json).transpose()?,
            reward_structure: terms.reward_structure.as_ref().map(json).transpose()?,
            start_date: terms.start_date,
            end_date: terms.end_date(),
            is_public: terms.is_public,
            scoring: json(&terms.scoring)?,
            join_code: code.map(JoinCode::as_str),
        })
    }
}

fn json(value: &impl Serialize) -> QueryResult<Value> {
    serde_json::to_value(value).map_err(|error| SerializationError(error.into()))
}
