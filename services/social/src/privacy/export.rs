//! Queries of what is exported: columns by name, so that a new one is not told before somebody has thought about it.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_privacy::{Page, Rows, told};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Part;
use crate::schema::{
    achievement_milestones, challenge_participants, challenge_progress, community_challenges, family_memberships, friendships,
    notification_preferences, referrals, social_achievements, users,
};

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = users)]
struct UserRow {
    id: Uuid,
    display_name: Option<String>,
    privacy_level: String,
    social_sharing_enabled: bool,
    referral_credits_earned: BigDecimal,
    time_zone: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

/// Of what two users are to each other what both know: whether the other has blocked them is not theirs. Nor is when the row was made:
/// earlier than all that is shown, it would say so.
#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = friendships)]
struct FriendshipRow {
    first_user_id: Uuid,
    second_user_id: Uuid,
    status: String,
    requested_by: Option<Uuid>,
    requested_at: Option<DateTime<Utc>>,
    accepted_at: Option<DateTime<Utc>>,
    blocked_by_first_at: Option<DateTime<Utc>>,
    blocked_by_second_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = family_memberships)]
struct MembershipRow {
    family_plan_id: Uuid,
    user_id: Uuid,
    role: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    was_added: bool,
    guardian_user_id: Option<Uuid>,
}

/// Of a child who answers for it; the rest is the child's.
#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = family_memberships)]
struct ChildRow {
    family_plan_id: Uuid,
    user_id: Uuid,
    guardian_user_id: Option<Uuid>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = notification_preferences)]
struct PreferencesRow {
    user_id: Uuid,
    email_enabled: bool,
    push_enabled: bool,
    social_notifications: Value,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = social_achievements)]
struct AchievementRow {
    id: Uuid,
    user_id: Uuid,
    achievement_type: String,
    achievement_name: String,
    description: Option<String>,
    related_entity_id: Option<Uuid>,
    related_entity_type: Option<String>,
    points_awarded: i32,
    badge_awarded: Option<String>,
    special_reward: Option<Value>,
    achieved_at: DateTime<Utc>,
    is_public: bool,
    celebration_shown: bool,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = achievement_milestones)]
struct MilestoneRow {
    id: Uuid,
    user_id: Uuid,
    milestone_type: String,
    target: i32,
    current: i32,
    achieved: bool,
    achieved_at: Option<DateTime<Utc>>,
    is_social_achievement: bool,
    shared_publicly: bool,
    social_context: Option<Value>,
    updated_at: DateTime<Utc>,
}

/// Of a challenge what its creator has said.
#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = community_challenges)]
struct ChallengeRow {
    id: Uuid,
    challenge_name: String,
    description: String,
    challenge_type: String,
    difficulty_level: i32,
    duration_days: i32,
    max_participants: Option<i32>,
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    created_by: Option<Uuid>,
    scoring: Value,
    entry_requirements: Option<Value>,
    success_criteria: Option<Value>,
    reward_structure: Option<Value>,
    is_public: bool,
    join_code: Option<String>,
    created_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = challenge_participants)]
struct ParticipantRow {
    id: Uuid,
    challenge_id: Uuid,
    user_id: Uuid,
    joined_at: DateTime<Utc>,
    completion_status: String,
    completion_date: Option<DateTime<Utc>>,
    final_score: i32,
    rank_position: Option<i32>,
    rewards_earned: Option<Value>,
    is_visible: bool,
    display_name: Option<String>,
    score_reached_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = challenge_progress)]
struct ProgressRow {
    id: Uuid,
    challenge_participant_id: Uuid,
    progress_date: NaiveDate,
    progress_data: Value,
    daily_score: i32,
    cumulative_score: i32,
    notes: Option<String>,
    auto_generated: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// What is a referee's of a referral: that somebody referred them, and what they did. The rest is the referrer's.
const REFEREES: [&str; 4] = ["id", "referee_id", "signed_up_at", "first_purchase_at"];

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = referrals)]
struct ReferralRow {
    id: Uuid,
    referrer_id: Uuid,
    referee_id: Option<Uuid>,
    referral_code: String,
    referral_method: Option<String>,
    referral_source: Option<String>,
    invited_at: DateTime<Utc>,
    signed_up_at: Option<DateTime<Utc>>,
    first_purchase_at: Option<DateTime<Utc>>,
    reward_status: String,
    reward_amount: Option<BigDecimal>,
    bonus_tier: i32,
    metadata: Option<Value>,
}

/// The rows of a part that are the user's to know.
pub(super) async fn page(connection: &mut AsyncPgConnection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
    /// Those rows of a table that the filter lets through, in the order of that id.
    macro_rules! rows {
        ($table:ident, $row:ty, $id:expr, $filter:expr) => {{
            let rows: Vec<$row> = $table::table
                .filter($filter)
                .filter($id.gt(page.after))
                .order($id)
                .limit(page.limit)
                .select(<$row>::as_select())
                .load(connection)
                .await?;
            rows
        }};
    }
    match part {
        Part::Users => told(rows!(users, UserRow, users::id, users::id.eq(user)), |row| row.id),
        Part::Friendships => {
            let known = friendships::status.ne("none").or(friendships::blocked_by_first_at.is_not_null());
            let own = friendships::first_user_id.eq(user).and(known);
            let rows = rows!(friendships, FriendshipRow, friendships::second_user_id, own);
            let own = rows.into_iter().map(|row| FriendshipRow { blocked_by_second_at: None, ..row });
            told(own.collect(), |row| row.second_user_id)
        }
        Part::OtherFriendships => {
            let known = friendships::status.ne("none").or(friendships::blocked_by_second_at.is_not_null());
            let own = friendships::second_user_id.eq(user).and(known);
            let rows = rows!(friendships, FriendshipRow, friendships::first_user_id, own);
            let own = rows.into_iter().map(|row| FriendshipRow { blocked_by_first_at: None, ..row });
            told(own.collect(), |row| row.first_user_id)
        }
        Part::FamilyMemberships => {
            let own = family_memberships::user_id.eq(user);
            told(rows!(family_memberships, MembershipRow, family_memberships::family_plan_id, own), |row| row.family_plan_id)
        }
        Part::Children => {
            let theirs = family_memberships::guardian_user_id.eq(user);
            told(rows!(family_memberships, ChildRow, family_memberships::user_id, theirs), |row| row.user_id)
        }
        Part::NotificationPreferences => {
            let (id, own) = (notification_preferences::user_id, notification_preferences::user_id.eq(user));
            told(rows!(notification_preferences, PreferencesRow, id, own), |row| row.user_id)
        }
        Part::SocialAchievements => {
            let own = social_achievements::user_id.eq(user);
            told(rows!(social_achievements, AchievementRow, social_achievements::id, own), |row| row.id)
        }
        Part::AchievementMilestones => {
            let own = achievement_milestones::user_id.eq(user);
            told(rows!(achievement_milestones, MilestoneRow, achievement_milestones::id, own), |row| row.id)
        }
        Part::CommunityChallenges => {
            let own = community_challenges::created_by.eq(user);
            told(rows!(community_challenges, ChallengeRow, community_challenges::id, own), |row| row.id)
        }
        Part::ChallengeParticipants => {
            let own = challenge_participants::user_id.eq(user);
            told(rows!(challenge_participants, ParticipantRow, challenge_participants::id, own), |row| row.id)
        }
        Part::ChallengeProgress => {
            let places = challenge_participants::table.filter(challenge_participants::user_id.eq(user));
            let own = challenge_progress::challenge_participant_id.eq_any(places.select(challenge_participants::id));
            told(rows!(challenge_progress, ProgressRow, challenge_progress::id, own), |row| row.id)
        }
        Part::Referrals => {
            let own = referrals::referrer_id.nullable().eq(user).or(referrals::referee_id.eq(user));
            let rows = rows!(referrals, ReferralRow, referrals::id, own);
            let others: Vec<Uuid> = rows.iter().filter(|row| row.referrer_id != user).map(|row| row.id).collect();
            let mut rows = told(rows, |row| row.id)?;
            for (_, row) in rows.iter_mut().filter(|(id, _)| others.contains(id)) {
                if let Some(row) = row.as_object_mut() {
                    row.retain(|column, _| REFEREES.contains(&column.as_str()));
                }
            }
            Ok(rows)
        }
    }
}
