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

pub(crate) fn challenge(start_date: Option<&str>, duration_days: i32) -> Challenge {
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
    text.parse().expect("date")
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

#[test]
fn days_include_the_first_and_the_leap_day() {
    assert_eq!(terms(Some("2028-02-28"), 3).end_date(), Some(date("2028-03-01")));
    assert_eq!(challenge(Some("2026-07-01"), 1).days(date("2026-08-08")), (date("2026-07-01"), date("2026-07-01")));
    assert_eq!(challenge(None, 7).days(date("2026-08-08")), (date("2026-08-08"), date("2026-08-14")));
}

#[test]
fn who_may_join() {
    let running = challenge(Some("2026-07-01"), 7);
    assert_eq!(running.admit(date("2026-07-07")), Ok(()));
    assert_eq!(running.admit(date("2026-07-08")), Err(ChallengeError::Ended));
    let mut full = Challenge { participant_count: 2, ..running.clone() };
    full.terms.max_participants = Some(2);
    assert_eq!(full.admit(date("2026-07-01")), Err(ChallengeError::Full { max_participants: 2 }));
    assert_eq!(Challenge { participant_count: 1, ..full }.admit(date("2026-06-01")), Ok(()));
    assert_eq!(Challenge { is_active: false, ..running }.admit(date("2026-07-01")), Err(ChallengeError::Inactive));
    assert_eq!(challenge(None, 7).admit(date("2999-01-01")), Ok(()));
}

#[test]
fn a_challenge_changes_until_its_first_day_begins_in_the_east() {
    let coming = challenge(Some("2026-07-02"), 7);
    assert_eq!(coming.can_change(moment("2026-07-01T09:59:59Z"), true), Ok(()));
    assert_eq!(coming.can_change(moment("2026-07-01T10:00:00Z"), false), Err(ChallengeError::Started));
    let open = challenge(None, 7);
    assert_eq!(open.can_change(moment("2026-07-01T10:00:00Z"), false), Ok(()));
    assert_eq!(open.can_change(moment("2026-07-01T10:00:00Z"), true), Err(ChallengeError::Started));
}

#[test]
fn a_challenge_is_its_creators_and_operators() {
    let [me, other] = [1, 2].map(Uuid::from_u128);
    let own = Challenge { created_by: Some(me), ..challenge(None, 7) };
    for (challenge, user, is_operator, outcome) in [
        (&own, me, false, Ok(())),
        (&own, other, false, Err(ChallengeError::NotCreator)),
        (&own, other, true, Ok(())),
        (&challenge(None, 7), me, false, Err(ChallengeError::NotCreator)),
        (&challenge(None, 7), me, true, Ok(())),
    ] {
        assert_eq!(challenge.is_of(user, is_operator), outcome);
    }
}

#[test]
fn each_requirement_is_met_or_named() {
    let now = moment("2026-07-10T00:00:00Z");
    let entrant = Entrant {
        challenges_completed: 2,
        badges: vec!["early".to_owned()],
        family_plan: Some(true),
        created_at: moment("2026-07-01T12:00:00Z"),
    };
    let asked = |change: fn(&mut EntryRequirements)| {
        let mut requirements = EntryRequirements::default();
        change(&mut requirements);
        match requirements.admit(&entrant, now) {
            Ok(()) => None,
            Err(ChallengeError::Unmet { requirement, required, actual }) => Some((requirement, required, actual)),
            Err(other) => panic!("{other}"),
        }
    };
    let unmet =
        |requirement: &'static str, required: &str, actual: &str| Some((requirement, required.to_owned(), actual.to_owned()));
    assert_eq!(asked(|_| ()), None);
    assert_eq!(asked(|all| all.challenges_completed = 2), None);
    assert_eq!(asked(|all| all.challenges_completed = 3), unmet("challenges_completed", "3", "2"));
    assert_eq!(asked(|all| all.badges = vec!["early".to_owned()]), None);
    assert_eq!(asked(|all| all.badges = vec!["early".to_owned(), "b".to_owned()]), unmet("badges", "early, b", "early"));
    assert_eq!(asked(|all| all.family_plan = true), None);
    assert_eq!(asked(|all| all.account_age_days = 8), None, "eight and a half days");
    assert_eq!(asked(|all| all.account_age_days = 9), unmet("account_age_days", "9", "8"));
    let asks_for_a_plan = EntryRequirements { family_plan: true, ..EntryRequirements::default() };
    for family_plan in [Some(false), None] {
        let without = Entrant { family_plan, ..entrant.clone() };
        assert!(asks_for_a_plan.admit(&without, now).is_err(), "{family_plan:?}");
    }
}
