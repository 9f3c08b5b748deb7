//! Recording, deleting and listing days.

mod batch;
mod deletion;
mod list;
mod model;
mod races;
mod statements;
mod sums;
mod window;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, consistency, date, days_ago, id, minutes, new_challenge};

/// Returns the stored daily and cumulative scores by date, and the stored score of the seat.
async fn scores(world: &World, user: Uuid) -> anyhow::Result<(Vec<(i32, i32)>, i32)> {
    let client = world.slice.schema.connect().await?;
    let rows = client
        .query(
            "SELECT d.daily_score, d.cumulative_score, p.final_score
             FROM challenge_participants p JOIN challenge_progress d ON d.challenge_participant_id = p.id
             WHERE p.user_id = $1 ORDER BY d.progress_date",
            &[&user],
        )
        .await?;
    let last = rows.last().map(|row| row.get(2)).unwrap_or_default();
    Ok((rows.iter().map(|row| (row.get(0), row.get(1))).collect(), last))
}

#[tokio::test]
async fn late_days_and_corrections_change_later_sums() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let request = pb::CreateChallengeRequest { start_date: date(days_ago(1)), scoring: minutes(2, 100), ..new_challenge() };
    let challenge = world.create(id(), request).await?.challenge_id;
    world.join(user, &challenge).await?;

    let today = world.record(user, &challenge, days_ago(0), &[], 10).await?;
    assert_eq!(today.participant.expect("a participant").final_score, 20);
    let day = today.day.expect("a day");
    assert_eq!((day.daily_score, day.cumulative_score, day.notes.as_str()), (20, 20, "crunchy"));
    assert_eq!(day.progress_data.expect("data").amount, 10);

    let late = world.record(user, &challenge, days_ago(1), &[], 30).await?;
    assert_eq!(late.day.expect("a day").cumulative_score, 60);
    assert_eq!(late.participant.expect("a participant").final_score, 80);
    assert_eq!(scores(&world, user).await?, (vec![(60, 60), (20, 80)], 80));

    world.record(user, &challenge, days_ago(1), &[], 1_000_000).await?;
    assert_eq!(scores(&world, user).await?, (vec![(100, 100), (20, 120)], 120), "capped");
    world.record(user, &challenge, days_ago(1), &[], 0).await?;
    assert_eq!(scores(&world, user).await?, (vec![(0, 0), (20, 20)], 20));
    Ok(())
}

#[tokio::test]
async fn servings_reach_the_target_of_consistency() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    world.join(user, &challenge).await?;
    let short = world.record(user, &challenge, days_ago(0), &[("Apple", 4)], 0).await?;
    assert_eq!(short.participant.expect("a participant").final_score, 0);
    let enough = world.record(user, &challenge, days_ago(0), &[("Apple", 4), (" KIWI ", 1)], 0).await?;
    assert_eq!(enough.participant.expect("a participant").final_score, 1);
    let fruits = enough.day.expect("a day").progress_data.expect("data").fruits;
    assert_eq!(fruits.iter().map(|eaten| eaten.fruit.as_str()).collect::<Vec<_>>(), ["apple", "kiwi"]);
    Ok(())
}

#[tokio::test]
async fn only_participants_record_open_days() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    let stranger = world.record(user, &challenge, days_ago(0), &[], 0).await;
    assert_eq!(refused(stranger), (Code::NotFound, "NOT_PARTICIPATING".to_owned()));
    let unknown = world.record(user, &id().to_string(), days_ago(0), &[], 0).await;
    assert_eq!(refused(unknown), (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned()));

    world.join(user, &challenge).await?;
    for day in [days_ago(-1), days_ago(2)] {
        let status = world.record(user, &challenge, day, &[], 0).await.expect_err("not open");
        assert_eq!(metadata(&status, "first_date"), Some(days_ago(1).to_string()));
        assert_eq!(metadata(&status, "last_date"), Some(days_ago(0).to_string()));
        assert_eq!(refused::<()>(Err(status)), (Code::FailedPrecondition, "DATE_NOT_OPEN".to_owned()));
    }
    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE challenge_participants SET completion_status = 'withdrawn', updated_at = now()", &[]).await?;
    let withdrawn = world.record(user, &challenge, days_ago(0), &[], 0).await;
    assert_eq!(refused(withdrawn), (Code::NotFound, "NOT_PARTICIPATING".to_owned()));
    Ok(())
}

#[tokio::test]
async fn without_dates_the_first_day_is_the_day_of_joining() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let request = pb::CreateChallengeRequest { start_date: None, ..new_challenge() };
    let challenge = world.create(id(), request).await?;
    assert_eq!((challenge.start_date, challenge.end_date), (None, None));
    world.join(user, &challenge.challenge_id).await?;
    world.record(user, &challenge.challenge_id, days_ago(0), &[("apple", 5)], 0).await?;
    let before = world.record(user, &challenge.challenge_id, days_ago(1), &[("apple", 5)], 0).await;
    assert_eq!(refused(before), (Code::FailedPrecondition, "DATE_NOT_OPEN".to_owned()));
    Ok(())
}

#[tokio::test]
async fn today_is_the_users_local_date() -> anyhow::Result<()> {
    let world = World::strict().await?;
    // It is tomorrow in Kiritimati (UTC+14) from 10:00 UTC on, and yesterday in Pago Pago (UTC-11) until 11:00 UTC.
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        let user = id();
        let profile = pb::RegisterProfileRequest {
            user_id: user.to_string(),
            display_name: "Ann".to_owned(),
            time_zone: zone.to_owned(),
            privacy_level: 0,
        };
        world.register(profile).await?;
        let challenge = world.create(id(), new_challenge()).await?.challenge_id;
        world.join(user, &challenge).await?;
        let local = orchard_rpc::Zone::named(zone).expect("zone").date_at(chrono::Utc::now());
        world.record(user, &challenge, local, &[("apple", 5)], 0).await?;
        let tomorrow = world.record(user, &challenge, local.succ_opt().expect("a day"), &[("apple", 5)], 0).await;
        assert_eq!(refused(tomorrow), (Code::FailedPrecondition, "DATE_NOT_OPEN".to_owned()), "{zone}");
    }
    Ok(())
}

#[tokio::test]
async fn invalid_days_are_refused_by_field() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    world.join(user, &challenge).await?;
    let record = async |fruits: &[(&str, i32)], amount| world.record(user, &challenge, days_ago(0), fruits, amount).await;
    let before = world.rows().await?;
    let fruits = [("apple", 1), ("", 1), ("Apples", 101), ("moonfruit", 0), ("kiwi", i32::MIN)];
    let paths = [
        "progress_data.fruits[1].fruit",
        "progress_data.fruits[2].fruit",
        "progress_data.fruits[2].servings",
        "progress_data.fruits[3].fruit",
        "progress_data.fruits[3].servings",
        "progress_data.fruits[4].servings",
        "progress_data.amount",
    ];
    for amount in [-1, i32::MIN, 1_000_001, i32::MAX] {
        assert_eq!(violations(record(&fruits, amount).await), paths, "{amount}");
    }
    let many: Vec<_> = (0..1_000).map(|_| ("apple", 1)).collect();
    assert_eq!(violations(record(&many, 0).await), ["progress_data.fruits"]);
    let notes = "x".repeat(1_001);
    let empty = pb::RecordProgressRequest { notes, ..Default::default() };
    let paths = ["challenge_id", "progress_date", "progress_data", "notes"];
    assert_eq!(violations(world.progress(user).record_progress(empty).await), paths);
    assert_eq!(world.rows().await?, before, "nothing is written");
    Ok(())
}

#[tokio::test]
async fn strangers_do_not_learn_that_a_private_challenge_exists() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (creator, guest, stranger) = (id(), id(), id());
    let challenge = world.create(creator, new_challenge()).await?.challenge_id;
    world.join(guest, &challenge).await?;
    let hide = "UPDATE community_challenges SET is_public = false, join_code = 'ABCDEFGHJK', updated_at = now()";
    world.slice.schema.connect().await?.execute(hide, &[]).await?;
    world.record(guest, &challenge, days_ago(0), &[], 0).await?;
    let refusals = [(creator, "NOT_PARTICIPATING"), (stranger, "CHALLENGE_NOT_FOUND")];
    for (user, reason) in refusals {
        let refusal = refused(world.record(user, &challenge, days_ago(0), &[], 0).await);
        assert_eq!(refusal, (Code::NotFound, reason.to_owned()));
        assert_eq!(refused(world.delete(user, &challenge, days_ago(0)).await), (Code::NotFound, reason.to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn ended_participation_and_inactive_challenges_refuse_days() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    world.join(user, &challenge).await?;
    world.record(user, &challenge, days_ago(0), &[("apple", 5)], 0).await?;
    let client = world.slice.schema.connect().await?;
    let cases = [
        ("completion_status = 'completed'", "challenge_participants", "PARTICIPATION_ENDED"),
        ("completion_status = 'failed'", "challenge_participants", "PARTICIPATION_ENDED"),
        ("completion_status = 'active'", "challenge_participants", ""),
        ("is_active = false", "community_challenges", "CHALLENGE_INACTIVE"),
    ];
    for (set, table, reason) in cases {
        client.execute(&format!("UPDATE {table} SET {set}, updated_at = now()"), &[]).await?;
        let before = world.rows().await?;
        let recorded = world.record(user, &challenge, days_ago(0), &[("apple", 5)], 0).await;
        if reason.is_empty() {
            recorded?;
            continue;
        }
        assert_eq!(refused(recorded), (Code::FailedPrecondition, reason.to_owned()), "{set}");
        let deleted = refused(world.delete(user, &challenge, days_ago(0)).await);
        assert_eq!(deleted, (Code::FailedPrecondition, reason.to_owned()), "{set}");
        assert_eq!(world.rows().await?, before, "{set}");
    }
    Ok(())
}

/// By the clock of the service, which the test moves.
#[tokio::test]
async fn the_time_of_a_score_changes_only_with_the_score() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let challenge =
        world.create(id(), pb::CreateChallengeRequest { scoring: consistency(5), ..new_challenge() }).await?.challenge_id;
    world.join(user, &challenge).await?;
    let client = world.slice.schema.connect().await?;
    // By how many hours the score was reached ahead of the clock of the database, and how many times days were written.
    let reached = async || {
        let query = "SELECT round(extract(epoch FROM score_reached_at - now()) / 3600)::bigint, progress_version
            FROM challenge_participants";
        let row = client.query_one(query, &[]).await?;
        anyhow::Ok((row.get::<_, i64>(0), row.get::<_, i32>(1)))
    };
    assert_eq!(reached().await?, (0, 0));
    world.clock.advance(std::time::Duration::from_secs(24 * 3600));
    let today = days_ago(-1);
    world.record(user, &challenge, today, &[("apple", 4)], 0).await?;
    assert_eq!(reached().await?, (0, 1), "no points");
    world.record(user, &challenge, today, &[("apple", 5)], 0).await?;
    assert_eq!(reached().await?, (24, 2), "a point");
    world.clock.advance(std::time::Duration::from_secs(3600));
    world.record(user, &challenge, today, &[("apple", 6)], 0).await?;
    assert_eq!(reached().await?, (24, 3), "the same point");
    world.delete(user, &challenge, today).await?;
    assert_eq!(reached().await?, (25, 4), "no point again");
    Ok(())
}
