//! Queries of an export. They list the columns, so a new column is exported only after somebody has decided that it may be.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_privacy::{Page, Rows};
use serde_json::Value;
use uuid::Uuid;

use super::Part;
use crate::schema::{
    achievement_milestones, challenge_participants, challenge_progress, children, community_challenges, credit_entries,
    erasure_requests, family_memberships, friendships, notification_preferences, orders, redemptions, referral_code_misses,
    referral_codes, referrals, social_achievements, users,
};

type Time = DateTime<Utc>;
type OptionalTime = Option<DateTime<Utc>>;

/// Returns those rows of a part that the user may know.
pub(super) async fn page(connection: &mut AsyncPgConnection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
    macro_rules! rows {
        ($($part:tt)+) => {
            orchard_privacy::rows!(connection, page; $($part)+)
        };
    }
    /// Reads what the user and others both know of their friendships. Whether another user has blocked them is not exported. Neither is
    /// when a row was created: a time before all others in it would reveal that there was such a block.
    macro_rules! friendships {
        ($own:ident, $other:ident, $own_block:ident, $others_block:ident) => {{
            let known = friendships::status.ne("none").or(friendships::$own_block.is_not_null());
            let rows: QueryResult<Rows> = rows!(friendships by $other where friendships::$own.eq(user).and(known);
                first_user_id: Uuid, second_user_id: Uuid, status: String, requested_by: Option<Uuid>, requested_at: OptionalTime,
                accepted_at: OptionalTime, blocked_by_first_at: OptionalTime, blocked_by_second_at: OptionalTime);
            let mut rows = rows?;
            for (_, row) in &mut rows {
                row[stringify!($others_block)] = Value::Null;
            }
            Ok(rows)
        }};
    }
    match part {
        Part::Users => rows!(users by id where users::id.eq(user);
            id: Uuid, display_name: Option<String>, privacy_level: String, social_sharing_enabled: bool,
            referral_credits_earned: BigDecimal,
            referral_credits_redeemed: BigDecimal, time_zone: String, created_at: Time, updated_at: Time, completed_at: OptionalTime),
        Part::Friendships => friendships!(first_user_id, second_user_id, blocked_by_first_at, blocked_by_second_at),
        Part::OtherFriendships => friendships!(second_user_id, first_user_id, blocked_by_second_at, blocked_by_first_at),
        Part::FamilyMemberships => rows!(family_memberships by family_plan_id where family_memberships::user_id.eq(user);
            family_plan_id: Uuid, user_id: Uuid, role: String, created_at: Time, updated_at: Time, was_added: bool,
            guardian_user_id: Option<Uuid>),
        // The other columns are the child's.
        Part::Children => rows!(family_memberships by user_id where family_memberships::guardian_user_id.eq(user);
            family_plan_id: Uuid, user_id: Uuid, guardian_user_id: Option<Uuid>),
        Part::Protection => rows!(children by user_id where children::user_id.eq(user); user_id: Uuid),
        Part::NotificationPreferences => {
            rows!(notification_preferences by user_id where notification_preferences::user_id.eq(user);
            user_id: Uuid, email_enabled: bool, push_enabled: bool, social_notifications: Value, updated_at: Time)
        }
        Part::SocialAchievements => rows!(social_achievements by id where social_achievements::user_id.eq(user);
            id: Uuid, user_id: Uuid, achievement_type: String, achievement_name: String, description: Option<String>,
            related_entity_id: Option<Uuid>, related_entity_type: Option<String>, points_awarded: i32,
            badge_awarded: Option<String>, special_reward: Option<Value>, achieved_at: Time, is_public: bool,
            celebration_shown: bool, updated_at: Time),
        Part::AchievementMilestones => rows!(achievement_milestones by id where achievement_milestones::user_id.eq(user);
            id: Uuid, user_id: Uuid, milestone_type: String, target: i32, current: i32, achieved: bool,
            achieved_at: OptionalTime, is_social_achievement: bool, shared_publicly: bool, social_context: Option<Value>,
            updated_at: Time),
        // The other columns are not what the creator has said.
        Part::CommunityChallenges => rows!(community_challenges by id where community_challenges::created_by.eq(user);
            id: Uuid, challenge_name: String, description: String, challenge_type: String, difficulty_level: i32,
            duration_days: i32, max_participants: Option<i32>, start_date: Option<NaiveDate>, end_date: Option<NaiveDate>,
            created_by: Option<Uuid>, scoring: Value, entry_requirements: Option<Value>, success_criteria: Option<Value>,
            reward_structure: Option<Value>, is_public: bool, join_code: Option<String>, created_at: Time),
        Part::ChallengeParticipants => rows!(challenge_participants by id where challenge_participants::user_id.eq(user);
            id: Uuid, challenge_id: Uuid, user_id: Uuid, joined_at: Time, completion_status: String,
            completion_date: OptionalTime, final_score: i32, rank_position: Option<i32>, rewards_earned: Option<Value>,
            is_visible: bool, display_name: Option<String>, score_reached_at: Time, updated_at: Time),
        Part::ChallengeProgress => {
            let seats = challenge_participants::table.filter(challenge_participants::user_id.eq(user));
            let own = challenge_progress::challenge_participant_id.eq_any(seats.select(challenge_participants::id));
            rows!(challenge_progress by id where own;
                id: Uuid, challenge_id: Uuid, challenge_participant_id: Uuid, progress_date: NaiveDate, progress_data: Value, daily_score: i32,
                cumulative_score: i32, notes: Option<String>, auto_generated: bool, created_at: Time, updated_at: Time)
        }
        // Not those of which the user is the referee: they would tell which claims were accepted.
        Part::Referrals => {
            let rows: QueryResult<Rows> = rows!(referrals by id where referrals::referrer_id.eq(user);
                id: Uuid, referrer_id: Uuid, referee_id: Option<Uuid>, referral_code: String, referral_method: Option<String>,
                referral_source: Option<String>, invited_at: Time, signed_up_at: OptionalTime, first_purchase_at: OptionalTime,
                reward_status: String, reward_amount: Option<BigDecimal>, bonus_tier: i32, metadata: Option<Value>, expires_at: Time,
                credit_due_at: OptionalTime, credited_at: OptionalTime, reversed_at: OptionalTime, updated_at: Time);
            Ok(rows?.into_iter().map(|(id, row)| (id, without_claimants(row))).collect())
        }
        Part::ReferralCodes => rows!(referral_codes by id where referral_codes::user_id.eq(user);
            id: Uuid, code: String, user_id: Uuid, referral_id: Option<Uuid>),
        Part::ReferralCodeMisses => rows!(referral_code_misses by user_id where referral_code_misses::user_id.eq(user);
            user_id: Uuid, since: Time, misses: i32),
        Part::Orders => rows!(orders by id where orders::user_id.eq(user);
            id: Uuid, order_id: String, user_id: Option<Uuid>, amount: Option<BigDecimal>, purchased_at: OptionalTime, is_first: bool,
            refunded_amount: BigDecimal, refunded_at: OptionalTime, created_at: Time, updated_at: Time),
        Part::CreditEntries => rows!(credit_entries by id where credit_entries::user_id.eq(user);
            id: Uuid, user_id: Uuid, kind: String, amount: BigDecimal, available: BigDecimal, referral_id: Option<Uuid>,
            redemption_id: Option<Uuid>, created_at: Time),
        Part::Redemptions => rows!(redemptions by id where redemptions::user_id.eq(user);
            id: Uuid, user_id: Uuid, family_plan_id: Uuid, amount: BigDecimal, status: String, refusal_reason: Option<String>,
            created_at: Time, ended_at: OptionalTime, updated_at: Time),
        Part::ErasureRequests => rows!(erasure_requests by id where erasure_requests::user_id.eq(user);
            id: Uuid, user_id: Option<Uuid>, requested_by: String, status: String, requested_at: Time, begins_at: Time,
            deadline_at: Time, updated_at: Time),
    }
}

/// Removes what the claimant of a standing code has said.
fn without_claimants(mut row: Value) -> Value {
    if row["invited_at"] == row["signed_up_at"] {
        row["metadata"] = Value::Null;
    }
    row
}
