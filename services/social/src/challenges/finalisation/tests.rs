use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn day(text: &str, scored: bool, fruits: &[&str]) -> DaySummary {
    DaySummary { date: date(text), scored, fruits: fruits.iter().map(ToString::to_string).collect() }
}

#[test]
fn totals_count_days_streaks_and_fruits() {
    let days = [
        day("2028-02-27", true, &["fig"]),
        day("2028-02-28", true, &["fig", "kiwi"]),
        day("2028-02-29", true, &[]),
        day("2028-03-01", false, &["lime"]),
        day("2028-03-02", true, &[]),
        day("2028-03-04", true, &["kiwi"]),
    ];
    let totals = Totals { score: 9, active_days: 5, longest_streak: 3, distinct_fruits: 3 };
    assert_eq!(Totals::of(9, &days), totals);
    assert_eq!(Totals::of(0, &[]), Totals::default());
}

#[test]
fn all_criteria_must_hold() {
    let totals = Totals { score: 9, active_days: 5, longest_streak: 3, distinct_fruits: 2 };
    assert!(totals.meet(None) && !Totals::default().meet(None));
    let just = SuccessCriteria { min_score: 9, active_days: 5, longest_streak: 3, distinct_fruits: 2 };
    assert!(totals.meet(Some(&just)) && totals.meet(Some(&SuccessCriteria::default())));
    let more: [fn(&mut SuccessCriteria); 4] =
        [|all| all.min_score += 1, |all| all.active_days += 1, |all| all.longest_streak += 1, |all| all.distinct_fruits += 1];
    for change in more {
        let mut criteria = just.clone();
        change(&mut criteria);
        assert!(!totals.meet(Some(&criteria)), "{criteria:?}");
    }
}

#[test]
fn ties_share_a_rank_and_leave_a_gap_after_it() {
    let mut ranks = RankCounter::default();
    let given: Vec<i32> = [9, 9, 7, 7, 7, 0].into_iter().map(|score| ranks.next(score)).collect();
    assert_eq!(given, [1, 1, 3, 3, 3, 6]);
    // Interrupted and continued.
    let mut again = RankCounter { ranked: 3, last: Some((7, 3)) };
    assert_eq!([again.next(7), again.next(7), again.next(0)], [3, 3, 6]);
}
