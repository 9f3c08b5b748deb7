use super::*;
use crate::challenges::challenge::tests::terms;
use crate::challenges::reward::{RankBand, Reward};
use crate::rewards::award::SpecialReward;

fn with_bands(bands: &[(i32, i32)]) -> Terms {
    let bands = bands.iter().map(|(from_rank, to_rank)| RankBand {
        from_rank: *from_rank,
        to_rank: *to_rank,
        reward: Reward { points: 1, ..Reward::default() },
    });
    let reward_structure = Some(RewardStructure { completion: None, rank_bands: bands.collect() });
    Terms { max_participants: Some(10), reward_structure, ..terms(Some("2026-07-01"), 7) }
}

/// Paths of the violations, without the prefix of rewards.
fn paths(terms: &Terms, is_platforms: bool) -> Vec<String> {
    let violations = terms.check(is_platforms, "").err().unwrap_or_default();
    violations.into_iter().map(|(path, _)| path.replace("reward_structure.", "")).collect()
}

#[test]
fn bands_cover_the_ranks_from_the_first_on_without_gaps() {
    type Row<'a> = (&'a [(i32, i32)], &'a [&'a str]);
    let table: [Row<'_>; 9] = [
        (&[], &[]),
        (&[(1, 1)], &[]),
        (&[(1, 1), (2, 3), (4, 10)], &[]),
        (&[(2, 3)], &["rank_bands[0].from_rank"]),
        (&[(1, 3), (5, 6)], &["rank_bands[1].from_rank"]),
        (&[(1, 3), (3, 6)], &["rank_bands[1].from_rank"]),
        (&[(1, 11)], &["rank_bands[0].to_rank"]),
        (&[(1, 0), (1, 2)], &["rank_bands[0].to_rank"]),
        (&[(1, i32::MAX), (1, 1)], &["rank_bands[0].to_rank", "rank_bands[1].from_rank"]),
    ];
    for (bands, expected) in table {
        assert_eq!(paths(&with_bands(bands), true), expected, "{bands:?}");
    }
    let without_seats = Terms { max_participants: None, ..with_bands(&[(1, 1_000_000)]) };
    assert_eq!(paths(&without_seats, true), Vec::<String>::new());
    let without_dates = Terms { start_date: None, ..with_bands(&[(1, 1)]) };
    assert_eq!(paths(&without_dates, true), ["rank_bands"]);
}

#[test]
fn rewards_of_users_challenges_are_limited() {
    let much = Reward { points: 101, badge: Some("b".to_owned()), special_reward: Some(SpecialReward::Discount { percent: 5 }) };
    let band = RankBand { from_rank: 1, to_rank: 1, reward: much.clone() };
    let reward_structure = Some(RewardStructure { completion: Some(much), rank_bands: vec![band] });
    let terms = Terms { reward_structure, ..terms(Some("2026-07-01"), 7) };
    assert_eq!(paths(&terms, true), Vec::<String>::new());
    let expected =
        ["completion.points", "completion.special_reward", "rank_bands[0].reward.points", "rank_bands[0].reward.special_reward"];
    assert_eq!(paths(&terms, false), expected);
}

#[test]
fn criteria_fit_into_the_days_of_the_challenge() {
    let criteria = SuccessCriteria { active_days: 7, longest_streak: 8, ..SuccessCriteria::default() };
    let terms = Terms { success_criteria: Some(criteria), ..terms(None, 7) };
    assert_eq!(paths(&terms, true), ["success_criteria.longest_streak"]);
}

#[test]
fn a_patch_changes_only_what_it_names() {
    let before = Terms { max_participants: Some(5), ..terms(Some("2026-07-01"), 7) };
    assert_eq!(before.clone().patched(Patch::default()), before);
    let patch = Patch { max_participants: Some(None), start_date: Some(None), duration_days: Some(9), ..Patch::default() };
    let expected = Terms { max_participants: None, start_date: None, duration_days: 9, ..before.clone() };
    assert_eq!(before.patched(patch), expected);
}
