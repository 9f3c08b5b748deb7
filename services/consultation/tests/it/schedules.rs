//! Schedules: what is kept, what is refused, and who comes first.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::google::r#type::Date;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;

use crate::availability::weekly;
use crate::world::Someone::{Operator, User};
use crate::world::{World, flora, id, insist, weekdays};

fn window(start: &str, end: &str) -> pb::TimeWindow {
    pb::TimeWindow { start: start.to_owned(), end: end.to_owned() }
}

/// All hours of a day.
fn hours() -> Vec<pb::TimeWindow> {
    (0..24).map(|hour| window(&format!("{hour:02}:00"), &format!("{:02}:00", hour + 1))).collect()
}

/// The same schedule as it is sent.
fn sent(schedule: pb::Schedule) -> pb::Schedule {
    pb::Schedule { etag: String::new(), ..schedule }
}

#[tokio::test]
async fn a_schedule_is_read_back_in_order() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (own, stranger) = (User(id()), User(id()));
    let entry = world.create(own, flora()).await?.professional_id;
    let get = async |caller| {
        let request = pb::GetScheduleRequest { professional_id: entry.clone() };
        world.availability(caller).get_schedule(request).await.map(|answer| answer.into_inner().schedule.expect("a schedule"))
    };
    assert_eq!(refused(get(own).await), (Code::NotFound, "SCHEDULE_NOT_SET".to_owned()));
    let date = |day| Some(Date { year: 2028, month: 2, day });
    let overrides = vec![
        pb::DateOverride { override_date: date(28), windows: vec![window("10:00", "11:00"), window("22:00", "24:00")] },
        pb::DateOverride { override_date: date(29), windows: vec![] },
    ];
    let schedule = pb::Schedule { overrides, ..weekdays() };
    let mut mixed = schedule.clone();
    mixed.weekly_windows.reverse();
    mixed.overrides.reverse();
    mixed.overrides[1].windows.reverse();
    let set = world.set_schedule(own, &entry, mixed).await?;
    assert_eq!(sent(set.clone()), schedule);
    assert_eq!((get(own).await?, get(Operator(id())).await?), (set.clone(), set));

    let unseen = (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned());
    assert_eq!(refused(get(stranger).await), unseen);
    assert_eq!(refused(world.set_schedule(stranger, &entry, schedule.clone()).await), unseen);
    world.verify(&entry).await?;
    let not_theirs = (Code::PermissionDenied, "NOT_PROFESSIONAL".to_owned());
    assert_eq!(refused(get(stranger).await), not_theirs);
    assert_eq!(refused(world.set_schedule(stranger, &entry, schedule).await), not_theirs);
    Ok(())
}

#[tokio::test]
async fn a_schedule_is_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let entry = world.create(own, flora()).await?.professional_id;
    let date = Some(Date { year: 2028, month: 2, day: 29 });
    let bad = pb::Schedule {
        time_zone: "Europe/Atlantis".to_owned(),
        weekly_windows: vec![
            weekly(0, "09:00", "10:00"),
            weekly(1, "25:00", "26:00"),
            weekly(2, "10:00", "09:00"),
            weekly(3, "09:00", "12:00"),
            weekly(3, "11:00", "13:00"),
            weekly(3, "12:00", "13:00"),
        ],
        overrides: vec![
            pb::DateOverride { override_date: date, windows: vec![window("9:00", "10:00")] },
            pb::DateOverride { override_date: date, windows: vec![window("09:00", "10:00"), window("09:30", "24:00")] },
            pb::DateOverride { override_date: date, windows: vec![] },
            pb::DateOverride { override_date: date, windows: vec![] },
        ],
        slot_minutes: 4,
        step_minutes: 0,
        buffer_before_minutes: 241,
        buffer_after_minutes: -1,
        notice_minutes: 43_201,
        horizon_days: 0,
        max_per_day: Some(0),
        etag: "x".to_owned(),
    };
    let paths = [
        "etag",
        "time_zone",
        "weekly_windows[0].weekday",
        "weekly_windows[1].start",
        "weekly_windows[1].end",
        "weekly_windows[2].end",
        "weekly_windows[4].start",
        "overrides[0].windows[0].start",
        "overrides[1].windows[1].start",
        "overrides[3].override_date",
        "slot_minutes",
        "step_minutes",
        "buffer_before_minutes",
        "buffer_after_minutes",
        "notice_minutes",
        "horizon_days",
        "max_per_day",
    ];
    assert_eq!(violations(world.set_schedule(own, &entry, bad).await), paths.map(|path| format!("schedule.{path}")));
    let dates = (1..=25).map(|day| (1, day)).chain((1..=16).map(|day| (2, day)));
    let full =
        dates.map(|(month, day)| pb::DateOverride { override_date: Some(Date { year: 2028, month, day }), windows: hours() });
    let mut most_windows = pb::Schedule { overrides: full.collect(), ..weekdays() };
    most_windows.overrides.push(pb::DateOverride { override_date: date, windows: hours()[..16].to_vec() });
    assert_eq!(world.set_schedule(own, &entry, most_windows.clone()).await?.overrides.len(), 42, "1,000 windows");
    most_windows.overrides[0].windows.truncate(23);
    most_windows.overrides[41].windows = hours()[..18].to_vec();
    assert_eq!(violations(world.set_schedule(own, &entry, most_windows).await), ["schedule.overrides"]);
    let nothing = world.availability(own).set_schedule(pb::SetScheduleRequest::default()).await;
    assert_eq!(violations(nothing), ["professional_id", "schedule"]);
    let most = pb::Schedule {
        slot_minutes: 480,
        step_minutes: 5,
        buffer_before_minutes: 240,
        buffer_after_minutes: 240,
        notice_minutes: 43_200,
        horizon_days: 366,
        max_per_day: Some(100),
        ..weekdays()
    };
    assert_eq!(sent(world.set_schedule(own, &entry, most.clone()).await?), most);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_change_the_same_schedule_one_reads_it_again() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let entry = world.create(own, flora()).await?.professional_id;
    let first = world.set_schedule(own, &entry, weekdays()).await?;
    let longer = pb::Schedule { slot_minutes: 60, ..first.clone() };
    let quicker = pb::Schedule { notice_minutes: 5, ..first.clone() };
    let changed = (Code::Aborted, "PROFESSIONAL_CHANGED".to_owned());
    let (one, other) = tokio::join!(
        insist(|| world.set_schedule(own, &entry, longer.clone())),
        insist(|| world.set_schedule(Operator(id()), &entry, quicker.clone())),
    );
    let (set, asked, refusal) = match (one, other) {
        (Ok(set), Err(refusal)) => (set, longer, refusal),
        (Err(refusal), Ok(set)) => (set, quicker, refusal),
        both => anyhow::bail!("{both:?}"),
    };
    assert_eq!(refused::<()>(Err(refusal)), changed);
    assert_eq!(sent(set.clone()), sent(asked.clone()), "nothing of it is lost");
    assert_ne!(set.etag, first.etag);
    assert_eq!(world.set_schedule(own, &entry, asked).await?, set, "a repeated request");
    let late = pb::Schedule { etag: first.etag.clone(), ..weekdays() };
    assert_eq!(refused(world.set_schedule(own, &entry, late).await), changed);
    // An etag is that of the content, and without one the last writer wins.
    assert_eq!(world.set_schedule(own, &entry, weekdays()).await?, first);
    let unset = world.create(User(id()), flora()).await?.professional_id;
    assert_eq!(refused(world.set_schedule(Operator(id()), &unset, first).await), changed, "there is none");
    for etag in ["x", "1", &"A".repeat(32)] {
        let bad = pb::Schedule { etag: etag.to_owned(), ..weekdays() };
        assert_eq!(violations(world.set_schedule(own, &entry, bad).await), ["schedule.etag"]);
    }
    Ok(())
}
