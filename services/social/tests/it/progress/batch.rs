//! Recording several days at once.

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use tonic::Code;

use super::scores;
use crate::world::{World, date, days_ago, id, minutes, new_challenge, record};

fn by_minutes() -> pb::CreateChallengeRequest {
    pb::CreateChallengeRequest { scoring: minutes(1, 100), ..new_challenge() }
}

#[tokio::test]
async fn a_batch_returns_days_as_they_are_after_all_are_written() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let first = world.create(id(), by_minutes()).await?.challenge_id;
    let second = world.create(id(), pb::CreateChallengeRequest { start_date: None, ..by_minutes() }).await?.challenge_id;
    for challenge in [&first, &second] {
        world.join(user, challenge).await?;
    }
    world.record(user, &first, days_ago(0), &[], 50).await?;
    // The later day before the earlier one, and another challenge in between.
    let records = vec![
        record(&first, days_ago(0), &[("Apples", 1)], 7),
        record(&second, days_ago(0), &[], 20),
        pb::RecordProgressRequest { auto_generated: true, ..record(&first, days_ago(1), &[], 30) },
    ];
    let answer = world.batch(user, records).await?;
    let scores: Vec<_> = answer.days.iter().map(|day| (day.progress_date, day.daily_score, day.cumulative_score)).collect();
    let expected = [(date(days_ago(0)), 7, 37), (date(days_ago(0)), 20, 20), (date(days_ago(1)), 30, 30)];
    assert_eq!(scores, expected);
    let seats: Vec<_> = answer.participants.iter().map(|seat| (seat.challenge_id.as_str(), seat.final_score)).collect();
    assert_eq!(seats, [(first.as_str(), 37), (second.as_str(), 20)]);
    let of = |index: usize| answer.days[index].clone();
    assert_eq!(world.days(user, &first).await?, [of(0), of(2)], "as they are listed afterwards");
    assert_eq!(world.days(user, &second).await?, [of(1)]);
    assert_eq!(of(0).progress_data.expect("data").fruits[0].fruit, "apple");
    assert!(of(2).auto_generated && !of(0).auto_generated);
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn a_refused_record_undoes_the_whole_batch() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, elsewhere) = (id(), id().to_string());
    let [first, second, foreign, inactive] = [id(), id(), id(), id()];
    let mut challenges = Vec::new();
    for creator in [first, second, foreign, inactive] {
        challenges.push(world.create(creator, by_minutes()).await?.challenge_id);
    }
    let [first, second, foreign, inactive] = &challenges[..] else { anyhow::bail!("four") };
    for challenge in [first, second, inactive] {
        world.join(user, challenge).await?;
    }
    let client = world.slice.schema.connect().await?;
    let end = "UPDATE community_challenges SET is_active = false, updated_at = now() WHERE id = $1";
    client.execute(end, &[&inactive.parse::<uuid::Uuid>()?]).await?;
    world.record(user, first, days_ago(0), &[], 10).await?;
    let before = world.rows().await?;
    let bad = [
        (record(first, days_ago(2), &[], 1), Code::FailedPrecondition, "DATE_NOT_OPEN"),
        (record(inactive, days_ago(0), &[], 1), Code::FailedPrecondition, "CHALLENGE_INACTIVE"),
        (record(foreign, days_ago(0), &[], 1), Code::NotFound, "NOT_PARTICIPATING"),
        (record(&elsewhere, days_ago(0), &[], 1), Code::NotFound, "CHALLENGE_NOT_FOUND"),
    ];
    for (third, code, reason) in bad {
        let good =
            [record(first, days_ago(0), &[], 99), record(second, days_ago(1), &[], 5), record(second, days_ago(0), &[], 5)];
        let [one, two, four] = good;
        let status = world.batch(user, vec![one, two, third, four]).await.expect_err("refused");
        assert_eq!(metadata(&status, "record").as_deref(), Some("records[2]"), "{status:?}");
        if reason == "DATE_NOT_OPEN" {
            assert_eq!(metadata(&status, "first_date"), Some(days_ago(1).to_string()));
        }
        assert_eq!(refused::<()>(Err(status)), (code, reason.to_owned()));
        assert_eq!(world.rows().await?, before, "{reason}");
    }
    let alone = world.record(user, first, days_ago(2), &[], 1).await.expect_err("refused");
    assert_eq!(metadata(&alone, "record"), None, "a single record is not numbered");
    Ok(())
}

#[tokio::test]
async fn invalid_records_are_refused_by_record_and_field() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let challenge = world.create(id(), by_minutes()).await?.challenge_id;
    world.join(user, &challenge).await?;
    world.record(user, &challenge, days_ago(0), &[], 10).await?;
    let before = world.rows().await?;
    let good = || record(&challenge, days_ago(0), &[("apple", 1)], 1);
    let paths = async |records| violations(world.batch(user, records).await);
    let bad = vec![
        good(),
        pb::RecordProgressRequest { challenge_id: "x".to_owned(), notes: "x".repeat(1_001), ..good() },
        record(&challenge, days_ago(1), &[("moonfruit", 1), ("kaki", 1), ("Persimmons", 1)], -1),
        pb::RecordProgressRequest { progress_date: None, progress_data: None, ..good() },
        // The id in upper case is the same.
        record(&challenge.to_uppercase(), days_ago(0), &[], 2),
    ];
    let expected = [
        "records[1].challenge_id",
        "records[1].notes",
        "records[2].progress_data.fruits[0].fruit",
        "records[2].progress_data.fruits[2].fruit",
        "records[2].progress_data.amount",
        "records[3].progress_date",
        "records[3].progress_data",
        "records[4].progress_date",
    ];
    assert_eq!(paths(bad).await, expected);
    assert_eq!(paths(vec![]).await, ["records"]);
    assert_eq!(paths(vec![good(); 101]).await, ["records"]);
    assert_eq!(
        paths(vec![pb::RecordProgressRequest::default(); 1_000]).await,
        ["records"],
        "records of a list that is too long are not read"
    );
    let many: Vec<_> = (0..1_000).map(|_| ("apple", -1)).collect();
    let one = record(&challenge, days_ago(1), &many, i32::MAX);
    assert_eq!(paths(vec![good(), one]).await, ["records[1].progress_data.fruits", "records[1].progress_data.amount"]);
    assert_eq!(world.rows().await?, before, "nothing is written");
    Ok(())
}

#[tokio::test]
async fn a_batch_may_have_a_hundred_days() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let mut records = Vec::new();
    for number in 0..50 {
        let challenge = world.create(id(), by_minutes()).await?.challenge_id;
        world.join(user, &challenge).await?;
        records.extend([1, 0].map(|ago| record(&challenge, days_ago(ago), &[], number + 1)));
    }
    fastrand::shuffle(&mut records);
    let answer = world.batch(user, records).await?;
    assert_eq!((answer.days.len(), answer.participants.len()), (100, 50));
    let (days, _) = scores(&world, user).await?;
    assert_eq!(days.iter().map(|(daily, _)| daily).sum::<i32>(), 2 * 50 * 51 / 2);
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    Ok(())
}
