use super::*;
use crate::member::Permissions;

fn plan(active_members: i32, max_members: i32, is_active: bool) -> Plan {
    Plan { max_members, active_members, is_active, ..Plan::example() }
}

fn standing(role: Role) -> Standing {
    Standing { role, permissions: Permissions::default() }
}

#[test]
fn seats() {
    assert_eq!(plan(5, 6, true).admit(), Ok(()));
    assert_eq!(plan(6, 6, true).admit(), Err(PlanError::Full { max_members: 6 }));
    assert_eq!(plan(0, 6, false).admit(), Err(PlanError::Inactive));
}

#[test]
fn admins_lower_the_number_of_seats_to_those_that_are_taken() {
    let change = |seats| {
        Patch { max_members: Some(seats), ..Patch::default() }
            .apply(plan(3, 5, true), &standing(Role::Admin))
            .map(|plan| plan.max_members)
    };
    assert_eq!(change(3), Ok(3));
    assert_eq!(change(5), Ok(5));
    assert_eq!(change(2), Err(PlanError::SeatsTaken { active_members: 3 }));
    assert_eq!(change(6), Err(PlanError::SeatsAreBought));
    assert_eq!(Patch::default().apply(plan(3, 5, false), &standing(Role::Admin)).err(), Some(PlanError::Inactive));
}

#[test]
fn who_is_limited_by_the_day_does_not_move_it() {
    let permissions = Permissions { daily_spend_limit: Some(BigDecimal::from(10)), ..Permissions::default() };
    let limited = Standing { role: Role::Admin, permissions };
    let change =
        |standing| Patch { time_zone: Some(Tz::Pacific__Apia), ..Patch::default() }.apply(plan(1, 6, true), standing).err();
    assert_eq!(change(&limited), Some(PlanError::DayIsLimited));
    assert_eq!(change(&standing(Role::Admin)), None);
}

#[test]
fn a_plan_goes_to_the_admin_it_was_offered_to() {
    let (holder, admin) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let offered = Plan { primary_account_holder: Some(holder), proposed_holder: Some(admin), ..Plan::example() };
    assert_eq!(offered.may_be_accepted_by(admin, &standing(Role::Admin)), Ok(()));
    assert_eq!(offered.may_be_accepted_by(admin, &standing(Role::Member)), Err(PlanError::NotOffered), "demoted meanwhile");
    assert_eq!(offered.may_be_accepted_by(holder, &standing(Role::Admin)), Err(PlanError::NotOffered));
    let closed = Plan { is_active: false, ..offered };
    assert_eq!(closed.may_be_accepted_by(admin, &standing(Role::Admin)), Err(PlanError::Inactive));
}

#[test]
fn the_week_ends_today_where_the_family_lives() {
    let date = |text: &str| text.parse::<NaiveDate>().expect("date");
    let at = |text: &str| text.parse::<DateTime<Utc>>().expect("time");
    let plan = Plan { time_zone: Tz::America__New_York, ..Plan::example() };
    // 03:59 UTC is still the day before in New York in summer, 04:00 is not.
    assert_eq!(plan.week(at("2026-07-08T03:59:59Z")), (date("2026-07-01"), date("2026-07-07")));
    assert_eq!(plan.week(at("2026-07-08T04:00:00Z")), (date("2026-07-02"), date("2026-07-08")));
}

#[test]
fn days_begin_where_the_family_lives_whatever_the_clocks_do() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().expect("time");
    let day = |time_zone, now| Plan { time_zone, ..Plan::example() }.day(at(now));
    let berlin = Tz::Europe__Berlin;
    assert_eq!(day(berlin, "2026-03-29T12:00:00Z"), (at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")), "23 hours");
    assert_eq!(day(berlin, "2026-10-25T12:00:00Z"), (at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")), "25 hours");
    // In Havana 00:00 to 00:59 is skipped in March, and comes twice in November.
    let havana = Tz::America__Havana;
    assert_eq!(day(havana, "2026-03-08T12:00:00Z"), (at("2026-03-08T05:00:00Z"), at("2026-03-09T04:00:00Z")));
    assert_eq!(day(havana, "2026-11-01T12:00:00Z"), (at("2026-11-01T04:00:00Z"), at("2026-11-02T05:00:00Z")));
    // A day that Apia left out: the one before and the one after touch.
    let apia = Tz::Pacific__Apia;
    assert_eq!(day(apia, "2011-12-30T09:59:59Z").1, at("2011-12-30T10:00:00Z"));
    assert_eq!(day(apia, "2011-12-30T10:00:00Z").0, at("2011-12-30T10:00:00Z"));
}

#[test]
fn who_shows_what() {
    let seat = |n: u128, role, is_active, share_nutrition, share_challenges| Seat {
        user_id: Uuid::from_u128(n),
        standing: standing(role),
        is_active,
        privacy: Privacy { share_nutrition, share_challenges, share_achievements: true },
    };
    let mut seats = [
        seat(1, Role::Member, true, false, false),
        seat(2, Role::Admin, true, true, true),
        seat(3, Role::Child, true, false, true),
        seat(4, Role::Admin, false, true, true),
        seat(5, Role::Guest, true, false, false),
    ];
    let ids = |ns: &[u128]| ns.iter().map(|n| Uuid::from_u128(*n)).collect::<Vec<_>>();
    let roster =
        |role, nutrition, challenges| Some(Roster { viewer: standing(role), total: 5, active: 4, nutrition, challenges });
    let seen = |by: u128| Roster::seen_by(Uuid::from_u128(by), &seats);
    assert_eq!(seen(1), roster(Role::Member, ids(&[1, 2]), ids(&[1, 2, 3])));
    assert_eq!(seen(3), roster(Role::Child, ids(&[2, 3]), ids(&[2, 3])));
    assert_eq!(seen(5), roster(Role::Guest, ids(&[]), ids(&[2, 3, 5])));
    assert_eq!((seen(4), seen(6)), (None, None), "no seat, no view");
    seats[0].standing.permissions = Permissions::CLOSED;
    let blind = Roster::seen_by(Uuid::from_u128(1), &seats).expect("a view");
    assert_eq!((blind.nutrition, blind.challenges), (ids(&[]), ids(&[1, 2, 3])));
}
