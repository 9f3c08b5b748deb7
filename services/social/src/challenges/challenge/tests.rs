use super::*;

pub(crate) fn terms(start_date: Option<&str>, duration_days: i32) -> Terms {
    Terms {
        challenge_name: "Five a day".to_owned(),
        description: "Every day.".to_owned(),
        difficulty_level: 1,
        duration_days,
        max_participants: None,
        start_date: start_date.map(date),
        scoring: Scoring::Consistency { daily_target_servings: 1 },
        entry_requirements: None,
        success_criteria: None,
        reward_structure: None,
        is_public: true,
    }
}

fn challenge(start_date: Option<&str>, duration_days: i32) -> Challenge {
    Challenge {
        id: Uuid::nil(),
        terms: terms(start_date, duration_days),
        participant_count: 0,
        created_by: None,
        is_active: true,
        join_code: None,
        featured_priority: 0,
        created_at: DateTime::UNIX_EPOCH,
        finalised_at: None,
    }
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

#[test]
fn users_join_until_the_last_day_while_there_are_seats() {
    let running = challenge(Some("2026-07-01"), 7);
    assert_eq!(running.terms.end_date(), Some(date("2026-07-07")));
    let last_day = running.terms.end_date();
    assert_eq!(running.admit(date("2026-07-07"), last_day), Ok(()));
    assert_eq!(running.admit(date("2026-07-08"), last_day), Err(ChallengeError::Ended));
    let mut full = Challenge { participant_count: 2, ..running.clone() };
    full.terms.max_participants = Some(2);
    assert_eq!(full.admit(date("2026-07-01"), last_day), Err(ChallengeError::Full { max_participants: 2 }));
    assert_eq!(Challenge { participant_count: 1, ..full }.admit(date("2026-06-01"), last_day), Ok(()));
    assert_eq!(Challenge { is_active: false, ..running }.admit(date("2026-07-01"), last_day), Err(ChallengeError::Inactive));
    assert_eq!(challenge(None, 7).admit(date("2999-01-01"), None), Ok(()));
}

#[test]
fn a_challenge_can_change_until_its_first_day_begins_in_the_east() {
    let upcoming = challenge(Some("2026-07-02"), 7);
    assert_eq!(upcoming.check_changeable(moment("2026-07-01T09:59:59Z"), true), Ok(()));
    assert_eq!(upcoming.check_changeable(moment("2026-07-01T10:00:00Z"), false), Err(ChallengeError::Started));
    let without_dates = challenge(None, 7);
    assert_eq!(without_dates.check_changeable(moment("2026-07-01T10:00:00Z"), false), Ok(()));
    assert_eq!(without_dates.check_changeable(moment("2026-07-01T10:00:00Z"), true), Err(ChallengeError::Started));
}

/// The participants of the last day expect results as soon as that day has ended somewhere.
#[test]
fn a_creator_cannot_stop_a_challenge_whose_results_are_awaited() {
    let running = challenge(Some("2026-07-01"), 7);
    assert_eq!(running.check_stoppable(moment("2026-07-07T09:59:59Z"), true), Ok(()));
    assert_eq!(running.check_stoppable(moment("2026-07-07T10:00:00Z"), false), Err(ChallengeError::Ended));
    let final_one = Challenge { finalised_at: Some(DateTime::UNIX_EPOCH), ..running };
    assert_eq!(final_one.check_stoppable(moment("2026-07-30T00:00:00Z"), false), Ok(()));
    let without_dates = challenge(None, 7);
    assert_eq!(without_dates.check_stoppable(moment("2026-07-01T00:00:00Z"), false), Ok(()));
    assert_eq!(without_dates.check_stoppable(moment("2026-07-01T00:00:00Z"), true), Err(ChallengeError::Ended));
}

#[test]
fn creators_and_operators_may_change_a_challenge() {
    let [me, other] = [1, 2].map(Uuid::from_u128);
    let own = Challenge { created_by: Some(me), ..challenge(None, 7) };
    for (challenge, user, is_operator, outcome) in [
        (&own, me, false, Ok(())),
        (&own, other, false, Err(ChallengeError::NotCreator)),
        (&own, other, true, Ok(())),
        (&challenge(None, 7), me, false, Err(ChallengeError::NotCreator)),
        (&challenge(None, 7), me, true, Ok(())),
    ] {
        assert_eq!(challenge.check_editor(user, is_operator), outcome);
    }
}
