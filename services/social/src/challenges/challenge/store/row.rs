//! Rows of `community_challenges`.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::challenges::challenge::{
    Challenge, ChallengeType, ChallengeView, EntryRequirements, JoinCode, Scoring, SuccessCriteria, Terms,
};
use crate::challenges::json::json_column;
use crate::challenges::reward::RewardStructure;
use crate::schema::community_challenges;

orchard_db::text_column!(ChallengeType);
json_column!(Scoring, EntryRequirements, SuccessCriteria, RewardStructure);

#[derive(Queryable, Selectable)]
#[diesel(table_name = community_challenges)]
pub(super) struct Row {
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

impl From<(Row, Option<Uuid>)> for ChallengeView {
    fn from((row, creator): (Row, Option<Uuid>)) -> Self {
        Self { challenge: row.into(), creator }
    }
}

/// The columns of a challenge's terms.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = community_challenges, treat_none_as_null = true)]
pub(super) struct TermsRow {
    challenge_name: String,
    description: String,
    challenge_type: ChallengeType,
    difficulty_level: i32,
    duration_days: i32,
    max_participants: Option<i32>,
    entry_requirements: Option<EntryRequirements>,
    success_criteria: Option<SuccessCriteria>,
    reward_structure: Option<RewardStructure>,
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    is_public: bool,
    scoring: Scoring,
    join_code: Option<String>,
}

impl TermsRow {
    pub(super) fn new(terms: Terms, code: Option<JoinCode>) -> Self {
        Self {
            end_date: terms.end_date(),
            challenge_name: terms.challenge_name,
            description: terms.description,
            challenge_type: terms.scoring.challenge_type(),
            difficulty_level: terms.difficulty_level,
            duration_days: terms.duration_days,
            max_participants: terms.max_participants,
            entry_requirements: terms.entry_requirements,
            success_criteria: terms.success_criteria,
            reward_structure: terms.reward_structure,
            start_date: terms.start_date,
            is_public: terms.is_public,
            scoring: terms.scoring,
            join_code: code.map(|code| code.as_str().to_owned()),
        }
    }
}
