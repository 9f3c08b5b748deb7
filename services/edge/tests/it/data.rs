//! What the slices of a test know. Everything of a user is made from their id, so that a view that mixes users up is noticed.

use orchard_proto::consultation::v1 as consultation;
use orchard_proto::family::v1 as family;
use orchard_proto::google::r#type::Money;
use orchard_proto::recipe::v1 as recipe;
use orchard_proto::social::v1 as social;
use prost_types::Timestamp;
use uuid::Uuid;

/// The caller of all views.
pub const ME: Uuid = Uuid::from_u128(0xA11CE);

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// The ids of `count` things of one kind.
pub fn ids(kind: u128, count: usize) -> Vec<String> {
    (0..count).map(|n| id(kind * 1_000 + n as u128).to_string()).collect()
}

pub fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 5 })
}

pub fn money(units: i64) -> Option<Money> {
    Some(Money { currency_code: "EUR".to_owned(), units, nanos: 250_000_000 })
}

/// A far time at which the n-th session begins. The slice lists the latest first.
pub fn session_start(n: usize) -> Option<Timestamp> {
    Some(Timestamp { seconds: 4_000_000_000 - 3_600 * i64::try_from(n).unwrap_or_default(), nanos: 0 })
}

pub fn profile(user_id: &str) -> social::Profile {
    social::Profile { user_id: user_id.to_owned(), display_name: format!("Name of {user_id}"), ..Default::default() }
}

/// The n-th achievement, of a user of its own.
pub fn achievement(n: usize) -> social::Achievement {
    social::Achievement {
        achievement_id: ids(10, n + 1).remove(n),
        user_id: ids(11, n + 1).remove(n),
        achievement_name: format!("Achievement {n}"),
        points_awarded: 7,
        achieve_time: at(1_700_000_000),
        is_public: true,
        ..Default::default()
    }
}

pub fn challenge(challenge_id: &str) -> social::Challenge {
    social::Challenge {
        challenge_id: challenge_id.to_owned(),
        challenge_name: format!("Challenge {challenge_id}"),
        creator_user_id: id(20).to_string(),
        is_active: true,
        participant_count: 12,
        ..Default::default()
    }
}

pub fn standing(rank: i32) -> social::Standing {
    social::Standing { rank, final_score: 40, participant_count: 12, is_ranked: true, completion_status: 1 }
}

pub fn challenge_standing(n: usize) -> social::ChallengeStanding {
    let challenge = challenge(&ids(12, n + 1).remove(n));
    social::ChallengeStanding { challenge: Some(challenge), standing: Some(standing(3)) }
}

pub fn open_challenge(n: usize) -> social::Challenge {
    challenge(&ids(21, n + 1).remove(n))
}

pub fn achievement_summary() -> social::AchievementSummary {
    social::AchievementSummary {
        user_id: id(2).to_string(),
        total_points: 70,
        achievement_count: 10,
        badges: vec!["founder".to_owned()],
    }
}

pub fn participant() -> social::Participant {
    social::Participant { challenge_id: id(5).to_string(), user_id: ME.to_string(), final_score: 40, ..Default::default() }
}

pub fn entry(n: usize) -> social::LeaderboardEntry {
    let display_name = format!("Runner {n}");
    social::LeaderboardEntry { rank: i32::try_from(n).unwrap_or_default() + 1, display_name, ..Default::default() }
}

pub fn friend_entry(n: usize) -> social::FriendEntry {
    social::FriendEntry { friend_rank: 2, entry: Some(entry(n)) }
}

pub fn plan(n: usize) -> family::FamilyPlan {
    family::FamilyPlan {
        family_plan_id: ids(13, n + 1).remove(n),
        family_name: format!("Family {n}"),
        shared_wallet_balance: money(30),
        ..Default::default()
    }
}

pub fn summary(members: usize) -> family::FamilySummary {
    family::FamilySummary {
        family_plan_id: id(1).to_string(),
        family_name: "The Appletons".to_owned(),
        total_members: 9,
        active_members: 7,
        wallet_balance: money(101),
        avg_weekly_calories: Some(650.5),
        challenge_member_ids: ids(14, members),
        achievement_member_ids: ids(11, members),
        wallet_visible: true,
        nutrition_visible: true,
        read_time: at(1_800_000_001),
    }
}

pub fn invitation(n: usize) -> family::ReceivedInvitation {
    let invitation = family::Invitation { invitation_id: ids(15, n + 1).remove(n), ..Default::default() };
    family::ReceivedInvitation { invitation: Some(invitation), family_name: format!("Inviting {n}") }
}

pub fn recipe_result(n: usize) -> recipe::SearchResult {
    let summary =
        recipe::RecipeSummary { recipe_id: ids(16, n + 1).remove(n), recipe_name: format!("Tart {n}"), ..Default::default() };
    recipe::SearchResult { recipe: Some(summary), highlights: Vec::new() }
}

pub fn whole_recipe() -> recipe::Recipe {
    recipe::Recipe {
        recipe_id: id(3).to_string(),
        user_id: id(30).to_string(),
        author_name: "Author".to_owned(),
        recipe_name: "Plum tart".to_owned(),
        ..Default::default()
    }
}

pub fn nutrition() -> recipe::GetRecipeNutritionResponse {
    recipe::GetRecipeNutritionResponse {
        recipe_id: id(3).to_string(),
        servings: 4,
        completeness_percent: 80,
        ..Default::default()
    }
}

pub fn review(n: usize) -> recipe::Review {
    recipe::Review {
        review_id: ids(17, n + 1).remove(n),
        rating: 4,
        reviewer_name: format!("Reviewer {n}"),
        ..Default::default()
    }
}

pub fn professional(professional_id: &str) -> consultation::Professional {
    consultation::Professional {
        professional_id: professional_id.to_owned(),
        professional_name: format!("Professional {professional_id}"),
        consultation_rate: money(65),
        ..Default::default()
    }
}

pub fn session(n: usize) -> consultation::Session {
    consultation::Session {
        session_id: ids(18, n + 1).remove(n),
        professional_id: id(4 + n as u128 % 3).to_string(),
        start_time: session_start(n),
        duration_minutes: 30,
        session_cost: money(65),
        ..Default::default()
    }
}

pub fn slot(n: usize) -> consultation::Slot {
    let start = 2_000_000_000 + i64::try_from(n).unwrap_or_default() * 1_800;
    consultation::Slot { start_time: at(start), end_time: at(start + 1_800) }
}

pub fn found_professional(n: usize) -> consultation::ProfessionalSummary {
    consultation::ProfessionalSummary {
        professional_id: ids(19, n + 1).remove(n),
        rating_average: Some(4.5),
        ..Default::default()
    }
}

pub fn referral(n: usize) -> social::Referral {
    social::Referral {
        referral_id: id(700 + n as u128).to_string(),
        referral_code: format!("CDFGHJ{n:02}"),
        invite_time: at(1_790_000_000),
        reward_status: social::RewardStatus::Credited.into(),
        reward_amount: money(5),
        bonus_tier: 1,
        ..Default::default()
    }
}

pub fn referral_analytics() -> social::ReferralAnalytics {
    social::ReferralAnalytics {
        total_referrals: 9,
        successful_signups: 7,
        converted_purchases: 3,
        total_rewards_earned: money(17),
        avg_conversion_days: Some(1.5),
        ..Default::default()
    }
}

pub fn credits() -> social::Credits {
    social::Credits { earned: money(17), redeemed: money(5), available: money(12), pending: money(7) }
}
