use super::*;
use crate::challenges::challenge::RankBand;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

#[test]
fn it_is_due_when_the_last_zone_is_past_the_grace() {
    assert_eq!(due(date("2026-07-07")).to_rfc3339(), "2026-07-10T12:00:00+00:00");
    assert_eq!(due(date("2028-02-27")).to_rfc3339(), "2028-03-01T12:00:00+00:00", "a leap day");
    // In UTC-12 it is the second day after the last until then, which can record it; at that moment it is the third.
    let west = chrono::FixedOffset::west_opt(12 * 3_600).expect("a zone");
    let local = |moment: DateTime<Utc>| moment.with_timezone(&west).date_naive();
    let last = date("2026-07-07");
    assert_eq!(local(due(last)) - last, chrono::TimeDelta::days(3));
    assert_eq!(local(due(last) - chrono::TimeDelta::seconds(1)) - last, chrono::TimeDelta::days(LATE_DAYS));
}

fn day(text: &str, scored: bool, fruits: &[&str]) -> Day {
    Day { date: date(text), scored, fruits: fruits.iter().map(ToString::to_string).collect() }
}

#[test]
fn what_was_done_is_counted() {
    let days = [
        day("2028-02-27", true, &["fig"]),
        day("2028-02-28", true, &["fig", "kiwi"]),
        day("2028-02-29", true, &[]),
        day("2028-03-01", false, &["lime"]),
        day("2028-03-02", true, &[]),
        day("2028-03-04", true, &["kiwi"]),
    ];
    let done = Done { score: 9, active_days: 5, longest_streak: 3, distinct_fruits: 3 };
    assert_eq!(Done::of(9, &days), done);
    assert_eq!(Done::of(0, &[]), Done::default());
}

#[test]
fn all_criteria_must_hold() {
    let done = Done { score: 9, active_days: 5, longest_streak: 3, distinct_fruits: 2 };
    assert!(done.completes(None) && !Done::default().completes(None));
    let just = SuccessCriteria { min_score: 9, active_days: 5, longest_streak: 3, distinct_fruits: 2 };
    assert!(done.completes(Some(&just)) && done.completes(Some(&SuccessCriteria::default())));
    let more: [fn(&mut SuccessCriteria); 4] =
        [|all| all.min_score += 1, |all| all.active_days += 1, |all| all.longest_streak += 1, |all| all.distinct_fruits += 1];
    for change in more {
        let mut criteria = just.clone();
        change(&mut criteria);
        assert!(!done.completes(Some(&criteria)), "{criteria:?}");
    }
}

#[test]
fn ties_share_a_rank_and_the_next_is_as_if_they_did_not() {
    let mut ranks = Ranks::default();
    let given: Vec<i32> = [9, 9, 7, 7, 7, 0].into_iter().map(|score| ranks.next(score)).collect();
    assert_eq!(given, [1, 1, 3, 3, 3, 6]);
    // Cut off and gone on with.
    let mut again = Ranks { ranked: 3, last: Some((7, 3)) };
    assert_eq!([again.next(7), again.next(7), again.next(0)], [3, 3, 6]);
}

#[test]
fn a_rank_is_given_what_its_band_says() {
    let band = |from_rank, to_rank, points| RankBand { from_rank, to_rank, reward: Reward { points, ..Reward::default() } };
    let rewards = RewardStructure { completion: None, rank_bands: vec![band(1, 1, 50), band(2, 10, 5)] };
    let points = |rank| rewards.of_rank(rank).map(|reward| reward.points);
    assert_eq!([1, 2, 10, 11].map(points), [Some(50), Some(5), Some(5), None]);
}
