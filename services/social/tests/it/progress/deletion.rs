//! Deleting days.

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use tonic::Code;

use super::scores;
use crate::world::{World, date, days_ago, id, minutes, new_challenge};

#[tokio::test]
async fn deleting_a_day_deducts_its_points_from_later_sums() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let request = pb::CreateChallengeRequest { start_date: date(days_ago(1)), scoring: minutes(1, 100), ..new_challenge() };
    let challenge = world.create(id(), request).await?.challenge_id;
    world.join(user, &challenge).await?;
    for (day, amount) in [(days_ago(1), 30), (days_ago(0), 12)] {
        world.record(user, &challenge, day, &[], amount).await?;
    }
    assert_eq!(world.delete(user, &challenge, days_ago(1)).await?.final_score, 12);
    assert_eq!(scores(&world, user).await?, (vec![(12, 12)], 12));
    let again = refused(world.delete(user, &challenge, days_ago(1)).await);
    assert_eq!(again, (Code::NotFound, "PROGRESS_NOT_FOUND".to_owned()));
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);

    let day = world.record(user, &challenge, days_ago(1), &[], 5).await?.day.expect("a day");
    assert_eq!((day.daily_score, day.cumulative_score), (5, 5), "it can be recorded again");
    assert_eq!(scores(&world, user).await?, (vec![(5, 5), (12, 17)], 17));
    assert_eq!(world.delete(user, &challenge, days_ago(0)).await?.final_score, 5);
    assert_eq!(world.delete(user, &challenge, days_ago(1)).await?.final_score, 0);
    assert_eq!(scores(&world, user).await?, (vec![], 0));
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn callers_delete_only_their_own_open_days() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, other) = (id(), id());
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    world.join(user, &challenge).await?;
    let day = days_ago(0);
    world.record(user, &challenge, day, &[("apple", 5)], 0).await?;
    let before = world.rows().await?;
    let stranger = refused(world.delete(other, &challenge, day).await);
    assert_eq!(stranger, (Code::NotFound, "NOT_PARTICIPATING".to_owned()));
    let unknown = refused(world.delete(user, &id().to_string(), day).await);
    assert_eq!(unknown, (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned()));
    let request = pb::DeleteProgressRequest { challenge_id: "x".to_owned(), progress_date: None };
    let paths = violations(world.progress(user).delete_progress(request).await);
    assert_eq!(paths, ["challenge_id", "progress_date"]);
    world.join(other, &challenge).await?;
    let mine = refused(world.delete(other, &challenge, day).await);
    assert_eq!(mine, (Code::NotFound, "PROGRESS_NOT_FOUND".to_owned()), "the day of another participant");

    // Three days later it is too late. Whether the day exists is not revealed.
    world.clock.advance(std::time::Duration::from_secs(3 * 24 * 3600));
    let late = world.delete(user, &challenge, day).await.expect_err("too late");
    assert_eq!(metadata(&late, "first_date"), Some(days_ago(-1).to_string()));
    assert_eq!(refused::<()>(Err(late)), (Code::FailedPrecondition, "DATE_NOT_OPEN".to_owned()));
    let kept: Vec<_> = before.iter().filter(|row| row.starts_with("challenge_progress")).cloned().collect();
    let now: Vec<_> = world.rows().await?.into_iter().filter(|row| row.starts_with("challenge_progress")).collect();
    assert_eq!(now, kept);
    Ok(())
}
