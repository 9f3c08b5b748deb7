//! Listing days.

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;

use crate::world::{World, date, days_ago, id, minutes, new_challenge, record};

#[tokio::test]
async fn days_are_listed_with_their_content_latest_first() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, other) = (id(), id());
    let challenge =
        world.create(id(), pb::CreateChallengeRequest { scoring: minutes(1, 100), ..new_challenge() }).await?.challenge_id;
    for user in [user, other] {
        world.join(user, &challenge).await?;
    }
    assert_eq!(world.days(user, &challenge).await?, []);
    let mut answered = Vec::new();
    for number in 0..7 {
        let notes = if number % 2 == 0 { "as told\nby my watch".to_owned() } else { String::new() };
        let day = record(&challenge, days_ago(1 - number), &[("Kiwi fruits", 2), ("apple", 1)], 10);
        let day = pb::RecordProgressRequest { notes, auto_generated: number % 3 == 0, ..day };
        answered.push(world.progress(user).record_progress(day).await?.into_inner().day.expect("a day"));
        if number > 0 {
            world.clock.advance(std::time::Duration::from_secs(24 * 3600));
        }
    }
    answered.reverse();
    let listed = world.days(user, &challenge).await?;
    assert_eq!(listed, answered);
    let sums: Vec<_> = listed.iter().map(|day| day.cumulative_score).collect();
    assert_eq!(sums, [70, 60, 50, 40, 30, 20, 10]);
    let fruits = &listed[0].progress_data.as_ref().expect("data").fruits;
    assert_eq!(
        fruits.iter().map(|eaten| (eaten.fruit.as_str(), eaten.servings)).collect::<Vec<_>>(),
        [("kiwi", 2), ("apple", 1)]
    );
    assert_eq!((listed[6].auto_generated, listed[6].notes.as_str()), (true, "as told\nby my watch"));
    assert_eq!(world.days(other, &challenge).await?, [], "participants see only their own days");

    // A correction changes the day, and the sums of later days.
    let corrected = pb::RecordProgressRequest { notes: String::new(), ..record(&challenge, days_ago(-4), &[], 4) };
    world.progress(user).record_progress(corrected).await?;
    let after = world.days(user, &challenge).await?;
    assert_eq!(after.iter().map(|day| day.cumulative_score).collect::<Vec<_>>(), [64, 54, 50, 40, 30, 20, 10]);
    let changed: Vec<_> = after.iter().zip(&listed).map(|(now, then)| now.update_time != then.update_time).collect();
    assert_eq!(changed, [true, true, false, false, false, false, false]);
    assert!(after.iter().zip(&listed).all(|(now, then)| now.create_time == then.create_time));
    assert_eq!(after[1].progress_data, Some(pb::ProgressData { fruits: vec![], amount: 4 }));
    // A correction replaces all fields of the day.
    assert_eq!((after[0].auto_generated, after[0].notes.as_str()), (true, "as told\nby my watch"));
    let corrected = pb::RecordProgressRequest { notes: String::new(), ..record(&challenge, days_ago(-5), &[], 10) };
    world.progress(user).record_progress(corrected).await?;
    let after = world.days(user, &challenge).await?.remove(0);
    assert_eq!((after.auto_generated, after.notes.as_str(), after.cumulative_score), (false, "", 64));
    Ok(())
}

#[tokio::test]
async fn days_are_listed_after_leaving() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, stranger) = (id(), id());
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    world.join(user, &challenge).await?;
    let day = world.record(user, &challenge, days_ago(0), &[("apple", 5)], 0).await?.day.expect("a day");
    let leave = "UPDATE challenge_participants SET completion_status = 'withdrawn', updated_at = now()";
    world.slice.schema.connect().await?.execute(leave, &[]).await?;
    assert_eq!(world.days(user, &challenge).await?, [day]);
    for (user, challenge) in [(stranger, challenge.clone()), (user, id().to_string())] {
        assert_eq!(refused(world.days(user, &challenge).await), (Code::NotFound, "NOT_PARTICIPATING".to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn page_tokens_are_bound_to_their_query() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, other) = (id(), id());
    let mut challenges = Vec::new();
    for _ in 0..2 {
        let challenge = world.create(id(), new_challenge()).await?.challenge_id;
        for user in [user, other] {
            world.join(user, &challenge).await?;
            for day in 0..2 {
                world.record(user, &challenge, days_ago(day), &[], 0).await?;
            }
        }
        challenges.push(challenge);
    }
    let ask = |page_size, challenge: &str, page_token: &str| pb::ListProgressRequest {
        challenge_id: challenge.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
    };
    let first = world.progress(user).list_progress(ask(1, &challenges[0], "")).await?.into_inner();
    assert_eq!(first.days.iter().map(|day| day.progress_date).collect::<Vec<_>>(), [date(days_ago(0))]);
    let token = first.next_page_token;
    let rest = world.progress(user).list_progress(ask(5, &challenges[0], &token)).await?.into_inner();
    assert_eq!(rest.days.iter().map(|day| day.progress_date).collect::<Vec<_>>(), [date(days_ago(1))]);
    for (user, challenge, token) in
        [(other, &challenges[0], &*token), (user, &challenges[1], &token), (user, &challenges[0], "x")]
    {
        assert_eq!(violations(world.progress(user).list_progress(ask(1, challenge, token)).await), ["page_token"]);
    }
    let bad = violations(world.progress(user).list_progress(ask(-1, "x", "")).await);
    assert_eq!(bad, ["challenge_id", "page_size"]);
    Ok(())
}

/// Days and challenges that are older than the list of fruits.
#[tokio::test]
async fn stored_fruits_outside_the_list_are_returned_unchanged() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let seasonal = pb::SeasonalScoring { fruits: vec!["apple".to_owned()], daily_cap: 5 };
    let scoring = Some(pb::Scoring { rule: Some(pb::scoring::Rule::Seasonal(seasonal)) });
    let challenge = world.create(user, pb::CreateChallengeRequest { scoring, ..new_challenge() }).await?.challenge_id;
    world.join(user, &challenge).await?;
    world.record(user, &challenge, days_ago(1), &[("apple", 5)], 0).await?;
    let client = world.slice.schema.connect().await?;
    let old = r#"UPDATE challenge_progress SET progress_data = '{"fruits": [{"fruit": "moonfruit", "servings": 3}], "amount": 0}',
        updated_at = now()"#;
    client.execute(old, &[]).await?;
    let typed = r#"UPDATE community_challenges SET scoring = jsonb_set(scoring, '{fruits}', '["moonfruit", "Kakis"]'), updated_at = now()"#;
    client.execute(typed, &[]).await?;
    let data = world.days(user, &challenge).await?.remove(0).progress_data.expect("data");
    assert_eq!(data.fruits, [pb::FruitServings { fruit: "moonfruit".to_owned(), servings: 3 }]);
    let scoring = world.get(user, &challenge).await?.scoring.and_then(|scoring| scoring.rule);
    let Some(pb::scoring::Rule::Seasonal(seasonal)) = scoring else { anyhow::bail!("{scoring:?}") };
    assert_eq!(seasonal.fruits, ["moonfruit", "Kakis"]);
    let day = world.record(user, &challenge, days_ago(0), &[("persimmon", 2)], 0).await?.day.expect("a day");
    assert_eq!((day.daily_score, day.cumulative_score), (2, 7));
    Ok(())
}
