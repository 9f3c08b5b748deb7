use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};
use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tokio::task::JoinSet;
use tonic::Status;
use uuid::Uuid;

use crate::world::{RowLock, World, date, id, mask, not_found, today};

fn meal(on: NaiveDate, calories_consumed: i32) -> pb::NewIntake {
    let (meal, source) = (pb::Meal::Lunch.into(), pb::IntakeSource::Manual.into());
    pb::NewIntake { consumption_date: date(on), calories_consumed, meal, source }
}

fn range(start: Option<NaiveDate>, end: Option<NaiveDate>) -> pb::ListIntakesRequest {
    pb::ListIntakesRequest { start_date: start.and_then(date), end_date: end.and_then(date), page_size: 2, ..Default::default() }
}

impl World {
    async fn record(&self, user: Uuid, meals: Vec<pb::NewIntake>) -> anyhow::Result<Vec<pb::NutritionalIntake>> {
        let request = pb::RecordIntakeRequest { intakes: meals, request_id: id().to_string() };
        Ok(self.nutrition(user)?.record_intake(request).await?.into_inner().intakes)
    }

    async fn correct(&self, user: Uuid, intake: pb::NutritionalIntake, paths: &[&str]) -> Result<pb::NutritionalIntake, Status> {
        let request = pb::UpdateIntakeRequest { intake: Some(intake), update_mask: mask(paths) };
        let mut client = self.nutrition(user).expect("client");
        Ok(client.update_intake(request).await?.into_inner().intake.expect("an intake"))
    }

    async fn delete(&self, user: Uuid, intake_id: &str) -> Result<(), Status> {
        let request = pb::DeleteIntakeRequest { intake_id: intake_id.to_owned() };
        self.nutrition(user).expect("client").delete_intake(request).await.map(|_| ())
    }

    async fn intakes(&self, user: Uuid, request: pb::ListIntakesRequest) -> Result<pb::ListIntakesResponse, Status> {
        Ok(self.nutrition(user).expect("client").list_intakes(request).await?.into_inner())
    }

    async fn week(&self, user: Uuid, end: Option<NaiveDate>) -> Result<pb::WeeklySummary, Status> {
        let request = pb::GetWeeklySummaryRequest { end_date: end.and_then(date) };
        let mut client = self.nutrition(user).expect("client");
        Ok(client.get_weekly_summary(request).await?.into_inner().summary.expect("a summary"))
    }
}

#[tokio::test]
async fn users_correct_the_masked_fields_of_their_own_intakes() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    let was = world.record(user, vec![meal(today(), 500)]).await?.remove(0);
    assert_eq!(was.update_time, was.create_time);
    let wrong = || pb::NutritionalIntake { calories_consumed: 650, meal: 99, consumption_date: None, ..was.clone() };

    assert_eq!(
        refused(world.correct(other, wrong(), &["calories_consumed"]).await),
        not_found("INTAKE_NOT_FOUND"),
        "the intake of another user"
    );
    let unknown = pb::NutritionalIntake { intake_id: id().to_string(), ..wrong() };
    assert_eq!(refused(world.correct(user, unknown, &["calories_consumed"]).await), not_found("INTAKE_NOT_FOUND"));
    assert_eq!(world.intakes(user, range(None, None)).await?.intakes, std::slice::from_ref(&was));

    let corrected = world.correct(user, wrong(), &["calories_consumed"]).await?;
    let expected = pb::NutritionalIntake { calories_consumed: 650, update_time: corrected.update_time, ..was.clone() };
    assert_eq!(corrected, expected, "fields that the mask does not name stay");
    let time = |time: Option<prost_types::Timestamp>| time.map(|time| (time.seconds, time.nanos));
    assert!(time(corrected.update_time) > time(was.update_time));
    assert_eq!(world.intakes(user, range(None, None)).await?.intakes, [corrected]);

    let all = ["consumption_date", "calories_consumed", "meal", "source"];
    let bad =
        pb::NutritionalIntake { calories_consumed: 20_001, consumption_date: date(today() + TimeDelta::days(2)), ..wrong() };
    let paths = ["intake.consumption_date", "intake.calories_consumed", "intake.meal"];
    assert_eq!(violations(world.correct(user, bad, &all).await), paths);
    assert_eq!(violations(world.correct(user, was.clone(), &["meal", "user_id"]).await), ["update_mask"]);
    Ok(())
}

/// If an update wrote back what it had read, the second would undo the first.
#[tokio::test]
async fn concurrent_corrections_of_different_fields_are_all_kept() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let was = world.record(user, vec![meal(today(), 500)]).await?.remove(0);
    let new = pb::NutritionalIntake { calories_consumed: 650, meal: pb::Meal::Dinner.into(), ..was.clone() };
    let lock = RowLock { client: world.slice.schema.connect().await? };
    lock.client.batch_execute("BEGIN; SELECT 1 FROM nutritional_intake FOR UPDATE").await?;
    let mut corrections = JoinSet::new();
    for path in ["calories_consumed", "meal"] {
        let mut client = world.nutrition(user)?;
        let request = pb::UpdateIntakeRequest { intake: Some(new.clone()), update_mask: mask(&[path]) };
        corrections.spawn(async move { client.update_intake(request).await });
    }
    let first = lock.waiter().await?;
    lock.waiters(first, 1).await?;
    lock.release().await?;
    corrections.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let now = world.intakes(user, range(None, None)).await?.intakes.remove(0);
    assert_eq!((now.calories_consumed, now.meal()), (650, pb::Meal::Dinner));
    Ok(())
}

#[tokio::test]
async fn a_deleted_intake_does_not_come_back() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    let request = pb::RecordIntakeRequest { intakes: vec![meal(today(), 500), meal(today(), 700)], request_id: id().to_string() };
    let recorded = world.nutrition(user)?.record_intake(request.clone()).await?.into_inner().intakes;
    let deleted = &recorded[0].intake_id;
    assert_eq!(refused(world.delete(other, deleted).await), not_found("INTAKE_NOT_FOUND"), "the intake of another user");
    assert_eq!(world.week(user, Some(today())).await?.total_calories, 1_200);

    world.delete(user, deleted).await?;
    assert_eq!(refused(world.delete(user, deleted).await), not_found("INTAKE_NOT_FOUND"));
    assert_eq!(refused(world.correct(user, recorded[0].clone(), &["meal"]).await), not_found("INTAKE_NOT_FOUND"));
    assert_eq!(world.intakes(user, range(None, None)).await?.intakes, recorded[1..]);
    assert_eq!(world.week(user, Some(today())).await?.total_calories, 700);
    let again = world.nutrition(user)?.record_intake(request).await?.into_inner().intakes;
    assert_eq!(again, recorded[1..], "a repeated request does not record it again");
    assert_eq!(world.intakes(user, range(None, None)).await?.intakes, recorded[1..]);
    assert_eq!(violations(world.delete(user, "1").await), ["intake_id"]);
    Ok(())
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_intakes_are_recorded() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let day = |ago| today() - TimeDelta::days(ago);
    // Two of the pages end in the middle of a date.
    let days = [3, 3, 3, 5, 5, 5, 5, 8];
    let mut expected = world.record(user, days.map(|ago| meal(day(ago), 100)).to_vec()).await?;
    expected.sort_by_key(|intake| (intake.consumption_date.map(|d| (d.year, d.month, d.day)), intake.intake_id.clone()));
    expected.reverse();
    world.record(id(), vec![meal(day(4), 100)]).await?;

    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = world.intakes(user, pb::ListIntakesRequest { page_token: token, ..range(None, None) }).await?;
        assert!(page.intakes.len() <= 2);
        let at = page.intakes.last().and_then(|last| last.consumption_date).context("a page")?;
        seen.extend(page.intakes);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        // Before the first page, before the last row of this page, and at the end. Only the last is on a later page.
        let same = pb::NewIntake { consumption_date: Some(at), ..meal(today(), 200) };
        let older = day(20 + i64::try_from(seen.len())?);
        let recorded = world.record(user, vec![meal(today(), 200), same, meal(older, 300)]).await?;
        expected.extend(recorded.into_iter().nth(2));
    }
    assert_eq!(seen, expected);
    Ok(())
}

#[tokio::test]
async fn a_range_includes_its_dates_and_page_tokens_are_bound_to_it() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    let day = |ago| today() - TimeDelta::days(ago);
    assert_eq!(world.intakes(user, range(None, None)).await?, pb::ListIntakesResponse::default(), "an empty list");
    for eater in [user, other] {
        world.record(eater, (0..5).map(|ago| meal(day(ago), 100)).collect()).await?;
    }
    let listed = async |start, end| {
        let request = pb::ListIntakesRequest { page_size: 0, ..range(start, end) };
        anyhow::Ok(world.intakes(user, request).await?.intakes.iter().map(|i| i.consumption_date).collect::<Vec<_>>())
    };
    assert_eq!(listed(Some(day(3)), Some(day(2))).await?, [date(day(2)), date(day(3))]);
    assert_eq!(listed(Some(day(1)), None).await?, [date(day(0)), date(day(1))]);
    assert_eq!(listed(None, Some(day(4))).await?, [date(day(4))]);

    let of = range(Some(day(3)), Some(day(0)));
    let page_token = world.intakes(user, of.clone()).await?.next_page_token;
    let again = |start, end| pb::ListIntakesRequest { page_token: page_token.clone(), ..range(start, end) };
    assert_eq!(world.intakes(user, again(Some(day(3)), Some(day(0)))).await?.intakes.len(), 2);
    assert_eq!(violations(world.intakes(other, again(Some(day(3)), Some(day(0)))).await), ["page_token"]);
    for (start, end) in [(day(4), day(0)), (day(3), day(1))] {
        assert_eq!(violations(world.intakes(user, again(Some(start), Some(end))).await), ["page_token"]);
    }
    assert_eq!(violations(world.intakes(user, again(None, None)).await), ["page_token"]);
    let backwards = pb::ListIntakesRequest { page_size: -1, ..range(Some(day(0)), Some(day(1))) };
    assert_eq!(violations(world.intakes(user, backwards).await), ["end_date", "page_size"]);
    Ok(())
}

#[tokio::test]
async fn a_week_has_exactly_seven_dates() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    let end = today() - TimeDelta::days(1);
    let nothing = world.week(user, Some(end)).await?;
    assert_eq!((nothing.days.len(), nothing.total_calories, nothing.average_calories), (7, 0, None));
    let ago = |days| end - TimeDelta::days(days);
    world.record(user, vec![meal(ago(-1), 4_000), meal(ago(0), 300), meal(ago(6), 500), meal(ago(6), 1_000)]).await?;
    world.record(user, vec![meal(ago(7), 8_000)]).await?;
    world.record(other, vec![meal(ago(3), 2_000)]).await?;

    let week = world.week(user, Some(end)).await?;
    let days: Vec<_> = week.days.iter().map(|day| (day.consumption_date, day.calories_consumed, day.intake_count)).collect();
    let mut expected: Vec<_> = (0..7).rev().map(|days| (date(ago(days)), 0, 0)).collect();
    (expected[0].1, expected[0].2, expected[6].1, expected[6].2) = (1_500, 2, 300, 1);
    assert_eq!(days, expected);
    assert_eq!((week.total_calories, week.average_calories), (1_800, Some(600.0)), "the mean of the intakes, not of the dates");
    Ok(())
}

#[tokio::test]
async fn a_week_without_an_end_date_ends_today() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let plan = world.family(user).await?;
    world.eat(user, 0, &[400, 700]).await?;
    world.eat(user, 6, &[1_000]).await?;
    world.eat(user, 7, &[9_000]).await?;
    let week = world.week(user, None).await?;
    assert_eq!(week.days[6].consumption_date, date(today()));
    assert_eq!((week.total_calories, week.average_calories), (2_100, Some(700.0)));
    assert_eq!(week.average_calories, world.summary(&plan, user).await?.avg_weekly_calories);
    assert_eq!(world.week(user, Some(today() + TimeDelta::days(6))).await?.total_calories, 1_100, "a week may end in the future");
    let early = NaiveDate::from_ymd_opt(1999, 12, 31);
    assert_eq!(violations(world.week(user, early).await), ["end_date"]);
    Ok(())
}
